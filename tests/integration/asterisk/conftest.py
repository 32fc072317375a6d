"""The lab's fixtures for the tests of the Asterisk adapter."""

from tests.lab.fixtures import adapter, facts, lab

__all__ = ["adapter", "facts", "lab"]
