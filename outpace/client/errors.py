"""What can go wrong between a client and a node, as one tree.

::

    OutpaceError
    ├── ConnectionFailed         the node was not reached, or broke off
    ├── BadAnswer                what answered is no node, or one of another version
    ├── JobFailed                an import or a simulation ended without a result
    ├── SignatureError           a webhook's request was not signed with the secret, or too long ago
    └── ApiError                 the node refused, and says why
        ├── InvalidRequest       400, 413, 415, 422, 428: the request is wrong; `errors` names the fields
        ├── Unauthorized         401: no valid token
        ├── Forbidden            403: the token's role does not allow it
        ├── NotFound             404
        ├── Conflict             409: the state forbids it
        ├── VersionConflict      412: somebody else has changed the settings; `version` is theirs
        ├── TooManyRequests      429
        └── Unavailable          503, 507: not possible at the moment

None of them holds the token.
"""

from __future__ import annotations

import msgspec

from outpace.domain import errors
from outpace.domain.errors import OutpaceError
from outpace.domain.resources import JobView
from outpace.domain.wire import FieldError, Problem

#: Type of the problem that is made of an answer which tells none: a proxy's page.
NO_PROBLEM = "about:blank"

_TYPE = "urn:outpace:problem:"


class ConnectionFailed(OutpaceError):
    """The node was not reached, or the connection broke off. Whether a request was carried out is not known then."""


class BadAnswer(OutpaceError):
    """An answer that is none of a node, or of a node of another version."""


class SignatureError(OutpaceError):
    """A request that no webhook of the node has signed with this secret, or one that is too old."""


class JobFailed(OutpaceError):
    """A job failed or was cancelled; `job` is how it ended."""

    def __init__(self, job: JobView) -> None:
        super().__init__(f"{job.job_id} ({job.text}) {job.state}" + (f": {job.error}" if job.error else ""))
        self.job = job


class ApiError(OutpaceError):
    """The node refused a request: `problem` says why.

    Attributes
    ----------
    status : of HTTP. type : kind of problem, without `urn:outpace:problem:`, e.g. `conflict`.
    detail : one sentence for people. errors : fields of the request and what is wrong with each.
    retry_after_s : when to ask again, if the node has said so.
    """

    def __init__(self, problem: Problem, retry_after_s: float | None = None) -> None:
        OutpaceError.__init__(self, f"{problem.status} {problem.title}: {problem.detail}")
        self.problem = problem
        self.status = problem.status
        self.type = problem.type.removeprefix(_TYPE)
        self.detail = problem.detail
        self.errors: list[FieldError] = problem.errors
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[type[ApiError], tuple[Problem, float | None]]:
        return type(self), (self.problem, self.retry_after_s)


class InvalidRequest(ApiError):
    """A field, header or body of the request is wrong."""


class Unauthorized(ApiError):
    """The token is missing, wrong, expired or revoked."""


class Forbidden(ApiError):
    """The token's role does not allow this."""


class NotFound(ApiError):
    """There is no such thing."""


class Conflict(ApiError):
    """The state of a campaign, agent or call forbids it."""


class VersionConflict(ApiError, errors.VersionConflict):
    """Somebody else has changed the settings meanwhile; `version` is theirs."""

    def __init__(self, problem: Problem, retry_after_s: float | None = None) -> None:
        ApiError.__init__(self, problem, retry_after_s)
        self.version = problem.version or 0


class TooManyRequests(ApiError):
    """More requests than the token may make."""


class Unavailable(ApiError):
    """Not possible at the moment: the node is busy, its store full or its switch away."""


_KINDS: dict[int, type[ApiError]] = {
    **dict.fromkeys((400, 413, 415, 422, 428), InvalidRequest),
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: VersionConflict,
    429: TooManyRequests,
    503: Unavailable,
    507: Unavailable,
}


def error_of(status: int, body: bytes, retry_after_s: float | None = None) -> ApiError:
    """The error that an answer tells; of what is no problem of a node (a proxy's page) only the status."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        text = body[:200].decode("utf-8", "replace").strip()
        problem = Problem(type=NO_PROBLEM, title="No answer of a node", status=status, detail=text)
    return refusal(problem, retry_after_s)


def refusal(problem: Problem, retry_after_s: float | None = None) -> ApiError:
    """The error of a problem."""
    return _KINDS.get(problem.status, ApiError)(problem, retry_after_s)
