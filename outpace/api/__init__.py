"""The front door: control API, live stream, metrics and console over a node's one port. Rules live behind the port."""
