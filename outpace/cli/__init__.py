"""The commands that people type, one module each.

Heavy modules are imported where they are used, so that help comes at once.
"""

from outpace.cli.app import main

__all__ = ["main"]
