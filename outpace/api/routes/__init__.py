"""One file per resource: validate, ask or tell the port, answer."""
