"""The mind: sans-IO. Facts go in with their time, commands come out."""

from outpace.engine.engine import Engine
from outpace.engine.explain import Decision, Explanation

__all__ = ["Decision", "Engine", "Explanation"]
