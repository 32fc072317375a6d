"""The mind: sans-IO. Facts go in with their time, commands come out."""
