from __future__ import annotations

from typing import Any

import pytest

from outpace.domain.config import Agent, Campaign, TrunkGroup
from outpace.domain.errors import ConfigError, UnknownId
from outpace.domain.states import CampaignState
from outpace.runtime.registry import Registry, merge_patch, patched
from outpace.store.memory import MemoryStore


def registry(part: float = 1.0) -> Registry:
    """Two campaigns, a trunk group and an agent, out of a store."""
    store = MemoryStore()
    for name in ("a", "b"):
        store.create_campaign(Campaign(id=9, name=name), "boss", 1)
    store.create_trunk_group(TrunkGroup(id=9, name="t", cps=10.0, burst=6), "boss", 1)
    store.create_agent(Agent(id=9, name="x", campaigns=(1, 2)), "boss", 1)
    made = Registry("pool", 100, lambda name, cps: cps * part)
    made.load(store)
    return made


# the examples of RFC 7396, appendix A
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_is_that_of_the_standard(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


def test_settings_change_deep_inside_and_go_back_to_their_default() -> None:
    before = Campaign(id=3, name="c", ratio=2.0, reserve=4)
    after = patched(before, {"abandonment": {"cap": 0.01}, "reserve": None, "retry": {"busy": {"wait_s": 5}}})
    assert (after.id, after.ratio, after.reserve) == (3, 2.0, 0)
    assert after.abandonment.cap == 0.01
    assert after.retry["busy"].wait_s == 5.0
    assert patched(after, {"retry": {"busy": None}}).retry == {}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"id": 4}, "id"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"ratio": "2"}, "ratio"),
        ({"nothing": 1}, "nothing"),
        ({"mode": "hasty"}, "mode"),
        ({"abandonment": {"cap": -1}}, "abandonment.cap"),
        ({"abandonment": 3}, "abandonment"),
        ({"retry": {"busy": {"wait_s": -1}}}, "retry.wait_s"),
        ({"trunk_groups": ["x"]}, "trunk_groups[0]"),
        ({"calling_hours": {"timezone": "Mars/Olympus"}}, "calling_hours.timezone"),
    ],
)
def test_what_is_wrong_with_a_change_names_the_key(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as raised:
        patched(Campaign(id=3, name="c"), changes)
    assert raised.value.where == where


def test_the_pool_keeps_its_order_and_appends_what_is_new() -> None:
    made = registry()
    first = made.pool(None)
    assert [one.id for one in first.campaigns] == [1, 2]
    assert first.agents[0].campaigns == (1, 2)
    made.states[1] = CampaignState.ARCHIVED
    # what the engine has stays; a new engine does not get it any more
    assert [one.id for one in made.pool(first).campaigns] == [1, 2]
    without = made.pool(None)
    assert [one.id for one in without.campaigns] == [2]
    assert without.agents[0].campaigns == (2,)
    more = made.pool(first, campaign=Campaign(id=3, name="c"), agent=Agent(id=1, name="y", campaigns=(3,)))
    assert [one.name for one in more.campaigns] == ["a", "b", "c"]
    assert more.agents == (Agent(id=1, name="y", campaigns=(3,)),)
    with pytest.raises(ConfigError):
        made.pool(first, campaign=Campaign(id=1, name="a", trunk_groups=(5,)))


def test_a_shared_rate_is_that_of_the_node_and_the_settings_stay() -> None:
    made = registry(part=0.5)
    (group,) = made.pool(None).trunk_groups
    assert (group.cps, group.burst) == (5.0, 3)
    assert made.trunk_group(1).settings.cps == 10.0


def test_what_is_not_there_is_unknown() -> None:
    made = registry()
    for ask in (made.campaign, made.trunk_group, made.agent):
        with pytest.raises(UnknownId):
            ask(7)
