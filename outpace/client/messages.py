"""What is told live: messages of the stream and events of webhooks, each with the resource that its topic has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from outpace.client.errors import BadAnswer
from outpace.domain.errors import ConfigError
from outpace.domain.resources import (
    AgentView,
    Alarm,
    AttemptView,
    BoardView,
    CallView,
    DispositionView,
    JobView,
)
from outpace.domain.wire import Topic

#: What a topic tells of.
Subject = BoardView | AgentView | CallView | Alarm | AttemptView | DispositionView | JobView

_KINDS: dict[Topic, type[Subject]] = {
    Topic.CAMPAIGNS: BoardView,
    Topic.AGENTS: AgentView,
    Topic.CALLS: CallView,
    Topic.ALARMS: Alarm,
    Topic.ATTEMPTS: AttemptView,
    Topic.DISPOSITIONS: DispositionView,
    Topic.JOBS: JobView,
}


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """One subject as it is now. `key` is its id within the topic, `data` None when it is gone."""

    sequence: int
    topic: Topic
    key: str
    data: Subject | None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All subjects there are. What was known before holds no more."""

    updates: list[Update]


class Interrupted(msgspec.Struct, frozen=True, kw_only=True):
    """The stream broke off, and is being taken up again.

    What was missed meanwhile follows as updates after a `Resumed`; where that is too much, a `Snapshot` comes instead.
    `code` is that of the WebSocket's end, 4408 = too slow a reader, 1012 = the node has stopped; None = no word was
    said.
    """

    code: int | None
    reason: str


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """The stream goes on where it broke off; so many updates were missed, and come now."""

    missed: int


Message = Snapshot | Update | Interrupted | Resumed


class WebhookEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is posted. `id` is the same however often it is sent."""

    id: int
    topic: Topic
    key: str
    at: datetime
    data: Subject | None


class _RawUpdate(msgspec.Struct):
    sequence: int
    topic: Topic
    key: str
    data: Any


class _Opening(msgspec.Struct, tag="snapshot"):
    updates: list[_RawUpdate]


class _Resumed(msgspec.Struct, tag="resumed"):
    updates: list[_RawUpdate]


class _Single(_RawUpdate, tag="update"):
    pass


class _RawEvent(msgspec.Struct):
    id: int
    topic: Topic
    key: str
    at: datetime
    data: Any


class _Events(msgspec.Struct):
    events: list[_RawEvent]


_MESSAGE = msgspec.json.Decoder(_Opening | _Resumed | _Single)
_EVENTS = msgspec.json.Decoder(_Events)


def messages_of(text: str | bytes) -> list[Message]:
    """The messages that a frame of the stream brings. BadAnswer: it cannot be read."""
    try:
        told = _MESSAGE.decode(text)
        if isinstance(told, _Single):
            return [_update(told)]
        updates = [_update(one) for one in told.updates]
    except (msgspec.MsgspecError, ConfigError) as error:
        raise BadAnswer(f"a message of the stream that this client cannot read: {error}") from error
    return [Snapshot(updates=updates)] if isinstance(told, _Opening) else [Resumed(missed=len(updates)), *updates]


def events_of(body: bytes) -> list[WebhookEvent]:
    """The events that a webhook's request brings. BadAnswer: it cannot be read."""
    try:
        return [
            WebhookEvent(id=one.id, topic=one.topic, key=one.key, at=one.at, data=_subject(one.topic, one.data))
            for one in _EVENTS.decode(body).events
        ]
    except (msgspec.MsgspecError, ConfigError) as error:
        raise BadAnswer(f"events that this client cannot read: {error}") from error


def _update(raw: _RawUpdate) -> Update:
    return Update(sequence=raw.sequence, topic=raw.topic, key=raw.key, data=_subject(raw.topic, raw.data))


def _subject(topic: Topic, data: object) -> Subject | None:
    return None if data is None else msgspec.convert(data, _KINDS[topic])
