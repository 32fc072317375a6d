"""Pages: the kinds of the parameters that all listings share. Cursors are the node's; they mean nothing outside it."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Annotated

from msgspec import Meta

from outpace.domain.errors import ConfigError

LIMIT_MAX = 1000

_CURSOR = "`next_cursor` of the page before; none = the first page."
#: A number below 2**63, as far as a pattern can say it; and two of them.
Cursor = Annotated[str, Meta(pattern=r"^([0-8]?[0-9]{1,18})?$", description=_CURSOR)]
LongCursor = Annotated[str, Meta(pattern=r"^([0-8]?[0-9]{1,18}\.[0-8]?[0-9]{1,18})?$", description=_CURSOR)]
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="Items of a page at most.")]

#: Places that are remembered; the one that was given longest ago is forgotten first.
PLACES_MAX = 10_000


class HiddenPlaces:
    """Cursors that say nothing, instead of those that are somebody's number.

    Who does not see numbers may not choose a place by number either: bisecting would tell which are there.
    """

    def __init__(self) -> None:
        self._places: OrderedDict[str, str] = OrderedDict()

    def hide(self, cursor: str | None) -> str | None:
        """A cursor for the place, None for none."""
        if cursor is None:
            return None
        hidden = str(secrets.randbelow(10**18))
        self._places[hidden] = cursor
        if len(self._places) > PLACES_MAX:
            self._places.popitem(last=False)
        return hidden

    def find(self, hidden: str) -> str:
        """The place of a cursor, "" for none. ConfigError: it was not given here, or is forgotten."""
        if not hidden:
            return ""
        if hidden not in self._places:
            raise ConfigError("cursor", "is none that was given here, or too old: begin anew")
        return self._places[hidden]
