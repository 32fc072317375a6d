"""The memory: lists, leads, leases, intents and attempts behind one Store port."""
