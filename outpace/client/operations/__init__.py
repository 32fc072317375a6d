"""The operations of the control API, a module a resource."""
