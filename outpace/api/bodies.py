"""Bodies of requests: the orders of the domain without what the address and the token say already."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from outpace.domain.access import Role
from outpace.domain.config import Campaign, TrunkGroup
from outpace.domain.wire import Topic

#: Kinds of values that several bodies and parameters share.
Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
AnyId = Annotated[int, Meta(ge=0, le=2**31 - 1, description="0 = any.")]
LongId = Annotated[int, Meta(ge=1, le=2**63 - 1)]
CallId = Annotated[str, Meta(pattern=r"^[0-9]{1,19}$", examples=["4294967301"])]
JobId = Annotated[str, Meta(pattern=r"^[a-z-]+-[0-9a-f]{1,16}$", examples=["import-7"])]
Moment = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=1000)]
Number = Annotated[str, Meta(min_length=2, max_length=40, examples=["+4930123456"])]
#: A number that is looked for: as it is kept, or none.
AnyNumber = Annotated[
    str, Meta(pattern=r"^(\+?[1-9][0-9]{3,14})?$", examples=["+4930123456"], description="International; none = any.")
]
#: How the switch reaches a desk: no control characters.
Leg = Annotated[str, Meta(max_length=200, pattern=r"^[^\u0000-\u001f\u007f]*$", examples=["PJSIP/agent7"])]
Region = Annotated[str, Meta(pattern=r"^([A-Z]{2})?$", examples=["DE"])]

#: Host by name or address, a port, and what follows, in ASCII; no user and no fragment.
_HOST = r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])"
_PORT = r"(:([1-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
_URL = rf'^https?://{_HOST}{_PORT}([/?][!"$-~]*)?$'
_TopicName = Annotated[str, Meta(extra_json_schema={"enum": [topic.value for topic in Topic]})]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies: unknown fields are refused."""


class StopBody(Body, frozen=True):
    """How a campaign is stopped: `now` hangs up what is unanswered, else calls in hand are let end."""

    now: bool = False


class LeadBody(Body, frozen=True):
    """A lead. `region` is the country (ISO 3166) of a national number; `hot` = dialled before all others."""

    number: Number
    region: Region = ""
    reference: Text = ""
    attributes: dict[str, Any] = {}
    due_at: Moment | None = None
    hot: bool = False


class SuppressionBody(Body, frozen=True):
    """A number that is not to be dialled: by one campaign, or by any (campaign_id 0)."""

    number: Number
    region: Region = ""
    campaign_id: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    reason: Text = ""
    expires_at: Moment | None = None


class AgentBody(Body, frozen=True):
    """An agent: name, how the switch reaches the desk, and the campaigns that they serve."""

    name: Name
    leg: Leg
    campaigns: Annotated[list[Id], Meta(min_length=1, max_length=64)]


class LogInBody(Body, frozen=True):
    """Where the agent sits, where that differs from the agent's own leg."""

    leg: Leg = ""


class NotReadyBody(Body, frozen=True):
    """Why the agent pauses."""

    reason: Annotated[int, Meta(ge=0, le=255)] = 0


class DispositionBody(Body, frozen=True):
    """The agent's verdict on a call; `ready` ends the wrap-up with it."""

    call_id: CallId
    disposition: Name
    attributes: dict[str, Any] = {}
    callback_at: Moment | None = None
    suppress: bool = False
    ready: bool = False


class WebhookBody(Body, frozen=True):
    """Where events are posted. `secret` signs them (HMAC-SHA256) and is never shown again."""

    url: Annotated[str, Meta(pattern=_URL, max_length=2000, examples=["https://platform.example/outpace"])]
    topics: Annotated[list[_TopicName], Meta(min_length=1, max_length=16)]
    secret: Annotated[str, Meta(min_length=16, max_length=200)]


class TokenBody(Body, frozen=True):
    """A token to be made; `agent_id` for the role agent, and only for it."""

    name: Name
    role: Role
    agent_id: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    expires_at: Moment | None = None


class WhatIfBody(Body, frozen=True):
    """What if a campaign had other settings: `changes` is a merge patch of them.

    What is not given is taken from the campaign as it runs: agents who are logged in, the share of people and the
    talk time of its last attempts; where there are too few of these, from a typical carrier.
    """

    campaign_id: Id
    changes: dict[str, Any] = {}
    agents: Annotated[int, Meta(ge=1, le=2000)] | None = None
    hours: Annotated[float, Meta(ge=0.25, le=8.0)] = 2.0
    seeds: Annotated[int, Meta(ge=2, le=16)] = 4
    live: Annotated[float, Meta(gt=0.0, lt=1.0)] | None = None
    talk_s: Annotated[float, Meta(gt=0.0, le=3600.0)] | None = None
    wrap_up_s: Annotated[float, Meta(gt=0.0, le=3600.0)] | None = None


def _without_id(kind: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    fields: list[Any] = []
    for field in msgspec.structs.fields(kind):
        if field.name == "id":
            continue
        if field.required:
            fields.append((field.name, field.type))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, field.type, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, field.type, field.default))
    return msgspec.defstruct(
        name, fields, forbid_unknown_fields=True, kw_only=True, namespace={"__doc__": kind.__doc__}
    )


def _changes_of(kind: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    # every field may be left out, or be null where it has a default: then it is that again
    fields = []
    for field in msgspec.structs.fields(kind):
        if field.name == "id":
            continue
        hint = field.type
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            hint = _changes_of(hint, f"{hint.__name__}Changes")
        fields.append((field.name, hint | UnsetType if field.required else hint | None | UnsetType, UNSET))
    about = f"A JSON merge patch (RFC 7396) of {kind.__name__}: what is left out stays, null is the default again."
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True, namespace={"__doc__": about})


NewCampaign = _without_id(Campaign, "NewCampaign")
CampaignChanges = _changes_of(Campaign, "CampaignChanges")
NewTrunkGroup = _without_id(TrunkGroup, "NewTrunkGroup")
TrunkGroupChanges = _changes_of(TrunkGroup, "TrunkGroupChanges")
