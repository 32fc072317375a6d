"""The heartbeat: the only room with an event loop and a clock."""
