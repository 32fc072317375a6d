"""Errors as problem details (RFC 9457): what went wrong, and which field of the request is why."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from outpace.domain.errors import (
    CapacityError,
    ConfigError,
    StateError,
    StoreError,
    TelephonyError,
    UnknownId,
    VersionConflict,
)
from outpace.domain.wire import FieldError, Problem
from outpace.runtime.validation import dotted, explained

log = logging.getLogger(__name__)

MEDIA_TYPE = b"application/problem+json"

#: Slug -> status and title. The slug is the end of the problem's `type`.
KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request cannot be read"),
    "unauthorized": (401, "No valid token"),
    "forbidden": (403, "The token's role does not allow this"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "The method is not offered here"),
    "conflict": (409, "The state forbids it"),
    "in-progress": (409, "The same request is being carried out"),
    "version-conflict": (412, "The settings were changed meanwhile"),
    "too-large": (413, "The body is too large"),
    "media-type": (415, "The body's media type is not taken here"),
    "invalid": (422, "A field is wrong"),
    "key-reused": (422, "The idempotency key belongs to another request"),
    "precondition-required": (428, "Say which version is changed"),
    "too-many-requests": (429, "Too many requests"),
    "internal": (500, "The node failed"),
    "unavailable": (503, "Not possible at the moment"),
    "storage-full": (507, "There is no room left on the disk"),
}
_TYPE = "urn:outpace:problem:"


class ProblemError(Exception):
    """A request that is refused by the API itself.

    Parameters
    ----------
    slug : key of `KINDS`.
    detail : one sentence for people.
    field : the part of the request that is why, "" = none in particular.
    headers : of the answer, besides those of every answer.
    """

    def __init__(self, slug: str, detail: str, *, field: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.slug = slug
        self.field = field
        self.headers = dict(headers or {})


def problem(slug: str, detail: str, errors: list[FieldError] | None = None, version: int | None = None) -> Problem:
    """A problem of a kind."""
    status, title = KINDS[slug]
    return Problem(type=_TYPE + slug, title=title, status=status, detail=detail, errors=errors or [], version=version)


def problem_of(error: BaseException) -> tuple[Problem, dict[str, str]]:
    """The problem that an error is, and headers of its answer. What nobody expected is logged and told as internal."""
    match error:
        case ProblemError():
            errors = [FieldError(error.field, str(error))] if error.field else []
            return problem(error.slug, str(error), errors), error.headers
        case ConfigError():
            return problem("invalid", str(error), [FieldError(error.where, error.reason)]), {}
        case msgspec.ValidationError():
            wrong = field_error(error)
            return problem("invalid", f"{wrong.field}: {wrong.reason}" if wrong.field else wrong.reason, [wrong]), {}
        case msgspec.DecodeError():
            return problem("malformed", f"the body is not JSON: {error}"), {}
        case UnknownId():
            return problem("not-found", str(error)), {}
        case VersionConflict():
            return problem("version-conflict", str(error), version=error.version), {"ETag": f'"{error.version}"'}
        case StateError():
            return problem("conflict", str(error)), {}
        case StoreError():
            _, _, reason = str(error).rpartition(".db: ")  # where the file lies is nobody's business here
            return problem("unavailable", f"the store: {reason}"), {"Retry-After": "1"}
        case CapacityError() | TelephonyError():
            return problem("unavailable", str(error)), {"Retry-After": "1"}
    log.error("a request failed", exc_info=error)
    return problem("internal", "an error that nobody expected; the log of the node has it"), {}


def field_error(error: msgspec.ValidationError) -> FieldError:
    """Path and reason of what does not fit."""
    path, reason = explained(error)
    return FieldError(dotted(path), reason[:1].lower() + reason[1:])
