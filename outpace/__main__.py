"""`python -m outpace`."""

from __future__ import annotations

from outpace.cli import main

if __name__ == "__main__":
    main()
