"""Settings: ranges, references between them, unknown keys."""

from __future__ import annotations

from datetime import time
from typing import Any

import msgspec
import pytest

from outpace.domain.config import (
    MAX_CAMPAIGNS,
    Agent,
    CallingHours,
    Campaign,
    ConnectClock,
    DialMode,
    Pool,
    RetryRule,
    TrunkGroup,
)
from outpace.domain.errors import ConfigError

CAMPAIGN = Campaign(id=1, name="a")
GROUP = TrunkGroup(id=1, name="t")


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        ("ratio", 0.1, 100.0),
        ("reserve", 0, 10_000),
        ("ring_timeout_s", 5.0, 180.0),
        ("connect_limit_s", 0.1, 60.0),
        ("amd_timeout_s", 0.5, 30.0),
        ("message_max_s", 1.0, 600.0),
        ("wrap_up_max_s", 0.0, 86_400.0),
        ("hopper_size", 1, 1_000_000),
        ("id", 1, 2**31 - 1),
    ],
)
def test_campaign_when_out_of_range_then_names_the_key(key: str, low: float, high: float) -> None:
    settings: dict[str, Any] = {"id": 1, "name": "a"}
    for value in (low, high):
        assert getattr(Campaign(**settings | {key: value}), key) == value
    for value in (low - 1, high + 1, float("nan"), float("inf")):
        with pytest.raises(ConfigError) as caught:
            Campaign(**settings | {key: value})
        assert caught.value.where == key


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"name": ""}, "name"),
        ({"trunk_groups": ()}, "trunk_groups"),
        ({"trunk_groups": tuple(range(1, 18))}, "trunk_groups"),
        ({"dispositions": ()}, "dispositions"),
        ({"connect_clock": ConnectClock.VERDICT}, "connect_clock"),
        ({"retry": {"connected": RetryRule()}}, "retry.connected"),
        ({"retry": {"Busy": RetryRule()}}, "retry.Busy"),
    ],
)
def test_campaign_when_wrong_then_names_the_key(settings: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Campaign(**{"id": 1, "name": "a"} | settings)
    assert caught.value.where == where


def test_campaign_when_amd_is_on_then_any_clock_goes() -> None:
    for clock in ConnectClock:
        assert Campaign(id=1, name="a", amd=True, connect_clock=clock).connect_clock is clock


@pytest.mark.parametrize(
    ("key", "value"), [("wait_s", -1.0), ("wait_s", 4e7), ("max_attempts", 0), ("max_attempts", 101)]
)
def test_retry_rule_when_out_of_range_then_names_the_key(key: str, value: float) -> None:
    with pytest.raises(ConfigError) as caught:
        RetryRule(**{key: value})  # type: ignore[arg-type]
    assert caught.value.where == key


def test_hours_when_right_then_gives_times_of_day() -> None:
    hours = CallingHours(timezone="Europe/Berlin", start="08:30", end="24:00")
    assert hours.start_time == time(8, 30)
    assert hours.end_time == time.max


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"timezone": "Europe/Nowhere"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "../zone"}, "timezone"),
        ({"start": "9:00"}, "start"),
        ({"start": "0900"}, "start"),
        ({"end": "25:00"}, "end"),
        ({"end": "20:00:00"}, "end"),
        ({"start": "20:00", "end": "09:00"}, "end"),
        ({"start": "09:00", "end": "09:00"}, "end"),
        ({"days": ()}, "days"),
        ({"days": (0,)}, "days"),
        ({"days": (8,)}, "days"),
    ],
)
def test_hours_when_wrong_then_names_the_key(settings: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CallingHours(**{"timezone": "Europe/Berlin"} | settings)
    assert caught.value.where == where


@pytest.mark.parametrize(
    "dial",
    ["PJSIP/carrier", "PJSIP/{number}@{carrier}", "PJSIP/{number}{number}", "PJSIP/{number}@c\r\nAction: Command"],
)
def test_trunk_group_when_dial_string_is_wrong_then_refused(dial: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrunkGroup(id=1, name="t", dial=dial)
    assert caught.value.where == "dial"


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"id": 0}, "id"),
        ({"name": ""}, "name"),
        ({"channels": 0}, "channels"),
        ({"cps": 0.0}, "cps"),
        ({"burst": 0}, "burst"),
        ({"max_pending": 0}, "max_pending"),
        ({"prefix": "0\n"}, "prefix"),
        ({"strip": "\x7f"}, "strip"),
        ({"caller_ids": ("+49", "+49\r")}, "caller_ids"),
    ],
)
def test_trunk_group_when_wrong_then_names_the_key(settings: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrunkGroup(**{"id": 1, "name": "t"} | settings)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("settings", "where"),
    [({"id": 0}, "id"), ({"name": ""}, "name"), ({"leg": "PJSIP/a\n"}, "leg")],
)
def test_agent_when_wrong_then_names_the_key(settings: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Agent(**{"id": 1, "name": "a"} | settings)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"campaigns": tuple(Campaign(id=n + 1, name="a") for n in range(MAX_CAMPAIGNS + 1))}, "campaigns"),
        ({"campaigns": (CAMPAIGN, CAMPAIGN)}, "campaigns"),
        ({"trunk_groups": (GROUP, GROUP)}, "trunk_groups"),
        ({"trunk_groups": ()}, "trunk_groups"),
        ({"agents": (Agent(id=1, name="a"), Agent(id=1, name="b"))}, "agents"),
        ({"agents": (Agent(id=1, name="a", campaigns=(2,)),)}, "agents"),
        ({"max_calls": 0}, "max_calls"),
    ],
)
def test_pool_when_wrong_then_names_the_key(settings: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Pool(**{"campaigns": (CAMPAIGN,), "trunk_groups": (GROUP,)} | settings)
    assert caught.value.where == where


def test_pool_when_read_from_a_file_then_enums_and_structs_are_made() -> None:
    tree = {
        "campaigns": [
            {"id": 1, "name": "a", "mode": "ratio", "ratio": 1.5, "retry": {"busy": {"wait_s": 60, "max_attempts": 5}}}
        ],
        "trunk_groups": [{"id": 1, "name": "t", "kind": "isdn_pri"}],
        "agents": [{"id": 1, "name": "x"}],
    }
    pool = msgspec.convert(tree, Pool)
    assert pool.campaigns[0].mode is DialMode.RATIO
    assert pool.campaigns[0].retry["busy"] == RetryRule(wait_s=60.0, max_attempts=5)
    assert pool.max_calls == 8192


@pytest.mark.parametrize("kind", [Campaign, TrunkGroup, Agent])
def test_settings_when_a_key_is_unknown_then_refused(kind: type[msgspec.Struct]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.convert({"id": 1, "name": "a", "colour": "red"}, kind)
