"""Pages: the kinds of the parameters that all listings share. Cursors are the node's; they mean nothing outside it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

LIMIT_MAX = 1000

Cursor = Annotated[str, Meta(max_length=200, description="`next_cursor` of the page before; none = the first page.")]
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="Items of a page at most.")]
