"""For those whom a node's webhooks call: whether a request is theirs, and what it tells."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping

from outpace.client.errors import SignatureError
from outpace.client.messages import WebhookEvent, events_of

HEADER = "Outpace-Signature"
TOLERANCE_S = 300.0

_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def verify_webhook(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance_s: float = TOLERANCE_S,
    now_s: float | None = None,
) -> list[WebhookEvent]:
    """The events of a request to a webhook, once it is certain that the node has sent it.

    Parameters
    ----------
    secret : that of the webhook. headers : of the request, in any case. body : as it came, before any decoding.
    tolerance_s : how far the clocks of both may be apart; an older request is refused, since it may be somebody's who
        has recorded it. now_s : UTC seconds, None = now.

    Raises
    ------
    SignatureError : the signature is missing, wrong or too old. BadAnswer : the events cannot be read.
    """
    told = next((value for name, value in headers.items() if name.lower() == HEADER.lower()), "")
    found = _SIGNATURE.fullmatch(told.strip())
    if found is None:
        raise SignatureError(f"there is no signature in the header {HEADER}")
    made = hmac.new(secret.encode(), found[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made, found[2]):
        raise SignatureError("the signature is not that of the secret and the body")
    apart_s = abs((time.time() if now_s is None else now_s) - int(found[1]))
    if apart_s > tolerance_s:
        raise SignatureError(f"signed {apart_s:.0f} s from now, more than {tolerance_s:g} s")
    return events_of(body)
