"""The client of the control API, for programs of platforms. See docs/client.md.

from outpace.client import Client

with Client("http://127.0.0.1:8080", token) as client:
for campaign in client.iter_campaigns():
print(campaign.name, campaign.state)
"""

from __future__ import annotations

from outpace.client._async_core import AsyncDownload, AsyncJob
from outpace.client._core import Download, Job
from outpace.client.client import AsyncClient, Client
from outpace.client.errors import (
    ApiError,
    BadAnswer,
    Conflict,
    ConnectionFailed,
    Forbidden,
    InvalidRequest,
    JobFailed,
    NotFound,
    SignatureError,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    VersionConflict,
)
from outpace.client.messages import Interrupted, Message, Resumed, Snapshot, Update, WebhookEvent
from outpace.client.requests import Retry
from outpace.client.stream import AsyncStream, Stream
from outpace.client.webhooks import verify_webhook
from outpace.domain.wire import Topic

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncDownload",
    "AsyncJob",
    "AsyncStream",
    "BadAnswer",
    "Client",
    "Conflict",
    "ConnectionFailed",
    "Download",
    "Forbidden",
    "Interrupted",
    "InvalidRequest",
    "Job",
    "JobFailed",
    "Message",
    "NotFound",
    "Resumed",
    "Retry",
    "SignatureError",
    "Snapshot",
    "Stream",
    "TooManyRequests",
    "Topic",
    "Unauthorized",
    "Unavailable",
    "Update",
    "VersionConflict",
    "WebhookEvent",
    "verify_webhook",
]
