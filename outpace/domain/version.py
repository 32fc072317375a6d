"""The version of outpace; pyproject.toml, the journal and the command line read it here."""

VERSION = "0.1.0"
