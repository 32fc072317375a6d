"""Pages: the kinds of the parameters that all listings share. Cursors are the node's; they mean nothing outside it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

LIMIT_MAX = 1000

_CURSOR = "`next_cursor` of the page before; none = the first page."
#: A number below 2**63, as far as a pattern can say it; and two of them.
Cursor = Annotated[str, Meta(pattern=r"^([0-8]?[0-9]{1,18})?$", description=_CURSOR)]
LongCursor = Annotated[str, Meta(pattern=r"^([0-8]?[0-9]{1,18}\.[0-8]?[0-9]{1,18})?$", description=_CURSOR)]
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="Items of a page at most.")]
