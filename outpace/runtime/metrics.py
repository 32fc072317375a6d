"""Prometheus metrics: read from the engine's counters and everybody's gauges at scrape time; nothing per call.

The exporter's threads ask the event loop for the figures, so that a scrape sees one moment and races with nobody.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.domain.states import CampaignState

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

_ANSWER_S = 2.0


class Family(msgspec.Struct, frozen=True):
    """Samples of one name (without prefix): the labels' values and the value of each.

    A name that ends in `_total` is a counter, any other a gauge.
    """

    name: str
    labels: tuple[str, ...]
    samples: list[tuple[tuple[str, ...], float]]


class Reading(msgspec.Struct, frozen=True):
    """What one scrape shows.

    Parameters
    ----------
    families : counters and gauges, each name once.
    histograms : (name, buckets as `Histogram.cumulative` gives them, sum).
    """

    families: list[Family]
    histograms: list[tuple[str, list[tuple[str, float]], float]]

    def add(self, prefix: str, gauges: Mapping[str, float]) -> None:
        """Add what somebody's `gauges()` tell, under `prefix_`."""
        self.families.extend(Family(f"{prefix}_{name}", (), [((), value)]) for name, value in gauges.items())

    def add_by(self, name: str, label: str, values: Mapping[str, float]) -> None:
        """Add a family of one label."""
        self.families.append(Family(name, (label,), [((key,), value) for key, value in values.items()]))


#: HELP of the families; what is not listed here is described by its name.
HELP = {
    "leads_left": "Leads of the campaign that may still be dialled.",
    "calls": "Live calls by state.",
    "agents": "Agents by state.",
    "agents_serving": "Agents who serve the campaign, by state; who serves several is counted in each.",
    "agent_seconds_total": "Time that agents have spent in each state, all agents together.",
    "occupancy": "Share of its agents' time with something to do, of that and ready, since the start; NaN at first.",
    "launches_total": "Calls launched in this run.",
    "outcomes_total": "Attempts that ended in this run, by outcome.",
    "answered_total": "Calls that a person answered, earlier runs included: connected and abandoned.",
    "connected_total": "Answered calls that reached an agent, earlier runs included.",
    "abandoned_total": "Answered calls that reached no agent, earlier runs included, by reason.",
    "cancels_total": "Ringing calls cancelled because the people who may answer them risked to find no agent.",
    "queue_estimated_wait_seconds": "How long a person who answers now waits for an agent; +Inf without agents.",
    "queue_service_level": "Share served in the connect limit if people answered at random (Erlang A); NaN: unknown.",
    "queue_load_erlangs": "People who answered in the last hour, per second, times the mean handle time.",
    "agents_withheld": "Agents whom dialling leaves to inbound calls.",
    "budget_answered": "People who answered in the window of the abandonment cap.",
    "budget_abandoned": "Of them, those abandoned whom the rule counts.",
    "budget_ratio": "budget_abandoned / budget_answered, 0 to 1.",
    "budget_bound": "Upper confidence bound of budget_ratio.",
    "budget_cap": "What the ratio must not pass, 0 to 1.",
    "budget_drops_left": "People who may still be abandoned now before the ratio passes the cap.",
    "budget_balance": "People that pacing has to spend: cap x answered - abandoned.",
    "budget_spent": "1 when the window's cap cannot be met any more: nobody may be abandoned.",
    "pacing_kappa": "Marginal risk that the last decision allowed, 0 to 1; 0 where the mode makes no forecast.",
    "pacing_risk": "Marginal risk of the last call that it wanted, 0 to 1.",
    "pacing_live_rate": "Share of new calls that a person is expected to answer, 0 to 1.",
    "pacing_fallback": "1 for why the pacer did not follow a forecast at the last decision.",
    "campaign_state": "1 for the state that the campaign is in.",
    "limited_total": "Launch decisions by what bound them.",
    "limited_by": "1 for what keeps the engine from dialling more now.",
    "hopper": "Leads in the hopper.",
    "trunk_channels": "Channels of a trunk group that can carry calls.",
    "trunk_in_use": "Channels of a trunk group that carry calls.",
    "trunk_pending": "Originates of a trunk group that are not yet a channel.",
    "commands_total": "Commands of the engine, by kind.",
    "facts_refused_total": "Facts from outside that the engine's state forbids, by kind.",
    "engine_link_up": "1 while the engine believes the switch to be in reach.",
    "engine_fenced": "1 when another engine has taken the pool.",
    "engine_unrecorded": "Ended attempts whose record is not durable yet.",
    "engine_forbidden_facts_total": "Facts of live calls that their state forbids: late, duplicate, out of order.",
    "engine_stray_facts_total": "Facts of calls that are not live.",
    "engine_lost_calls_total": "Calls that were closed because nobody knows their fate.",
    "engine_clock_jumps_total": "Times that engine time jumped and timers were shifted.",
    "engine_facts_total": "Facts that the engine was given.",
    "engine_queries_total": "Questions to the switch about a call in doubt.",
    "engine_decisions_total": "Launch decisions taken.",
    "engine_withdrawn_intents_total": "Intents taken back before anything was dialled.",
    "engine_leases_expired_total": "Leases that ended with leads in the hopper.",
    "pump_facts_total": "Facts handled.",
    "pump_facts_dropped_total": "Facts dropped because too many waited.",
    "pump_facts_waiting": "Facts that wait to be handled.",
    "pump_turns_total": "Turns of the pump.",
    "pump_lag_seconds": "Time from a fact's arrival until it was handled.",
    "pump_turn_seconds": "Duration of a turn of the pump.",
    "decision_seconds": "Duration of the engine's ticks in which it decided on launches.",
    "store_commit_seconds": "Duration of a transaction of the store.",
    "store_waiting_commands": "Commands that wait for the store's next transaction.",
    "store_commands_total": "Commands that the store has carried out.",
    "store_batches_total": "Transactions of the store; commands / batches is the size of a group commit.",
    "store_retries_total": "Transactions that had to be tried again.",
    "store_leases_refused_total": "Leases refused because too many commands waited for the store.",
    "store_retrying": "1 while the store refuses to write (locked, full) and is asked again.",
    "journal_bytes_total": "Bytes written to the journal.",
    "journal_turns_total": "Turns of the pump that the journal holds.",
    "journal_gaps_total": "Times that the journal could not keep up and left facts out; replay stops there.",
    "journal_waiting_chunks": "Pieces that wait to be written to the journal.",
    "journal_broken": "1 when the journal cannot be written any more.",
    "hub_listeners": "Listeners of the live stream.",
    "hub_listeners_dropped_total": "Listeners who were dropped: too slow, or the node stopped.",
    "hub_updates_total": "Updates published.",
    "reader_waiting": "Reads that wait for the store's reading thread.",
    "reader_reads_total": "Reads answered.",
    "long_reader_waiting": "Pages, sums and counts that wait for their reading thread.",
    "long_reader_reads_total": "Pages, sums and counts answered.",
    "redis_up": "1 while Redis is in reach.",
    "redis_nodes": "Nodes that Redis knows to be there, this one included.",
    "redis_events_total": "Events appended to the stream.",
    "redis_events_lost_total": "Events that were dropped because too many waited for Redis.",
    "redis_events_waiting": "Events that wait for Redis.",
    "alarms": "Alarms that are on, by severity.",
    "webhook_delivered_total": "Events that a webhook has taken.",
    "webhook_dead_letters": "Events that a webhook did not take and that are kept.",
    "loop_lag_seconds": "How late the event loop comes to what is due.",
    "build_info": "1 for the version that runs.",
    "api_requests_total": "Requests to the control API.",
    "api_requests_refused_total": "Of them, those refused by a limit.",
    "api_requests_failed_total": "Of them, those that failed for a reason that nobody expected.",
    "api_requests_in_flight": "Requests under way.",
    "api_streams": "Live streams that are open.",
    "api_streams_dropped_total": "Live streams that were ended because the client did not keep up.",
    "clock_ahead_seconds": "How far engine time is ahead of a wall clock that was set back.",
}

#: The engine's own numbers that say how things are; the others only grow.
_ENGINE_GAUGES = ("link_up", "fenced", "unrecorded")
_ENGINE_HIDDEN = ("calls", "now_ns", "epoch", "sequence", "dirty", "window_ns")


def engine_reading(counters: dict[str, Any], campaigns: Mapping[int, tuple[str, int]]) -> Reading:
    """The families that come from an engine's counters; others are added to them.

    Parameters
    ----------
    counters : of the engine.
    campaigns : name of each campaign that is shown, and its leads left.
    """
    reading = Reading([], [])
    for name, value in counters.items():
        if isinstance(value, int) and name not in _ENGINE_HIDDEN:
            known = f"engine_{name}" if name in _ENGINE_GAUGES else f"engine_{name}_total"
            reading.families.append(Family(known, (), [((), float(value))]))
    reading.add_by("agents", "state", counters["agents"])
    for name in ("channels", "in_use", "pending"):
        by_group = {str(group): trunk[name] for group, trunk in counters["trunks"].items()}
        reading.add_by(f"trunk_{name}", "trunk_group", by_group)
    families: dict[str, Family] = {}
    for campaign_id, (campaign, leads_left) in campaigns.items():
        for name, label, values in _campaign_families(counters["campaigns"][campaign_id], leads_left):
            labels = ("campaign", label) if label else ("campaign",)
            samples = families.setdefault(name, Family(name, labels, [])).samples
            samples += [((campaign, key) if label else (campaign,), float(value)) for key, value in values.items()]
    reading.families.extend(families.values())
    return reading


def _campaign_families(campaign: dict[str, Any], leads_left: int) -> Iterator[tuple[str, str, dict[str, float]]]:
    # name, the label beside the campaign's, and the values by it; a family without one has the key ""
    abandoned = {"no_agent_in_time": campaign["no_agent"], "caller_left": campaign["caller_left"]}
    pacing, budget = campaign["pacing"], campaign["budget"]
    yield "leads_left", "", {"": leads_left}
    yield "hopper", "", {"": campaign["hopper"]}
    yield "launches_total", "", {"": campaign["launches"]}
    yield "answered_total", "", {"": campaign["connected"] + sum(abandoned.values())}
    yield "connected_total", "", {"": campaign["connected"]}
    yield "cancels_total", "", {"": campaign["cancels"]}
    for name in ("answered", "ratio", "bound", "cap", "balance", "spent"):
        yield f"budget_{name}", "", {"": budget[name]}
    yield "budget_abandoned", "", {"": budget["legal_abandoned"]}
    yield "budget_drops_left", "", {"": math.inf if budget["drops_left"] is None else budget["drops_left"]}
    wait_s, level = campaign["queue"]["estimated_wait_s"], campaign["queue"]["service_level"]
    yield "queue_estimated_wait_seconds", "", {"": math.inf if wait_s is None else wait_s}
    yield "queue_service_level", "", {"": math.nan if level is None else level}
    yield "queue_load_erlangs", "", {"": campaign["queue"]["load_erlangs"]}
    yield "agents_withheld", "", {"": campaign["queue"]["withheld"]}
    for name in ("kappa", "risk", "live_rate"):
        yield f"pacing_{name}", "", {"": pacing[name]}
    yield "calls", "state", {state: count for state, count in campaign["in_state"].items() if state != "free"}
    yield "agents_serving", "state", campaign["agents_in"]
    yield "outcomes_total", "outcome", campaign["outcomes"]
    yield "abandoned_total", "reason", abandoned
    yield "limited_total", "reason", campaign["limited"]
    yield "campaign_state", "state", {s.name.lower(): s.name.lower() == campaign["state"] for s in CampaignState}
    yield "pacing_fallback", "reason", {f.name.lower(): f.name.lower() == pacing["fallback"] for f in Fallback}
    yield "limited_by", "reason", {r.name.lower(): r.name.lower() == campaign["reason"] for r in LimitedBy}


def exposition(reading: Reading) -> bytes:
    """A reading as Prometheus' text; takes tens of milliseconds, so not on an event loop."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(reading))
    return generate_latest(registry)


def _metrics(reading: Reading) -> Iterator[Metric]:
    for one in reading.families:
        kind = CounterMetricFamily if one.name.endswith("_total") else GaugeMetricFamily
        family = kind(f"outpace_{one.name}", _help(one.name), labels=one.labels)
        for values, value in one.samples:
            family.add_metric(values, value)
        yield family
    for name, buckets, total in reading.histograms:
        histogram = HistogramMetricFamily(f"outpace_{name}", _help(name))
        histogram.add_metric((), buckets=buckets, sum_value=total)
        yield histogram


class _Fixed(Collector):
    # One reading that was taken before.
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> Iterator[Metric]:
        """Its families."""
        return _metrics(self._reading)


class NodeCollector(Collector):
    """Asks the event loop for a reading at each scrape.

    Parameters
    ----------
    read : makes the reading; called on the loop.
    loop : the node's event loop.
    """

    def __init__(self, read: Callable[[], Reading], loop: asyncio.AbstractEventLoop) -> None:
        self._read = read
        self._loop = loop

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the switch and is known at the first scrape."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The families of one reading."""
        answer: concurrent.futures.Future[Reading] = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(self._answer, answer)
        yield from _metrics(answer.result(timeout=_ANSWER_S))

    def _answer(self, answer: concurrent.futures.Future[Reading]) -> None:
        try:
            answer.set_result(self._read())
        except Exception as error:  # noqa: BLE001 - the scrape fails, with the reason; the node does not
            answer.set_exception(error)


class MetricsServer:
    """`/metrics` on loopback."""

    def __init__(self, port: int, collector: Collector) -> None:
        """Raises OSError when the port is taken. Port 0 = any free one."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(collector)
        self._server: WSGIServer
        self._thread: threading.Thread
        self._server, self._thread = start_http_server(port, addr="127.0.0.1", registry=registry)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop listening; waits for the serving thread, so not on an event loop that a scrape may be waiting for."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _help(name: str) -> str:
    return HELP.get(name, name.removesuffix("_total").replace("_", " ").capitalize() + ".")
