"""Prometheus metrics: read from the engine's counters and everybody's gauges at scrape time; nothing per call.

The exporter's threads ask the event loop for the figures, so that a scrape sees one moment and races with nobody.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.domain.states import CampaignState

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

_ANSWER_S = 2.0


class Reading(msgspec.Struct, frozen=True):
    """What one scrape shows.

    Parameters
    ----------
    values : (name without prefix, value); a name that ends in `_total` is a counter, any other a gauge.
    labelled : (name, label name, label value -> value), always gauges or, by the same rule, counters.
    histograms : (name, buckets as `Histogram.cumulative` gives them, sum).
    """

    values: list[tuple[str, float]]
    labelled: list[tuple[str, str, dict[str, float]]]
    histograms: list[tuple[str, list[tuple[str, float]], float]]


#: HELP of the families; what is not listed here is described by its name.
HELP = {
    "leads_left": "Leads of the campaign that may still be dialled.",
    "calls": "Live calls by state.",
    "agents": "Agents by state.",
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
    "clock_ahead_seconds": "How far engine time is ahead of a wall clock that was set back.",
}

#: The engine's own numbers that say how things are; the others only grow.
_ENGINE_GAUGES = ("link_up", "fenced", "unrecorded")
_ENGINE_HIDDEN = ("now_ns", "epoch", "sequence", "dirty", "window_ns")


def engine_reading(counters: dict[str, Any], campaign_id: int, leads_left: int) -> Reading:
    """The families that come from an engine's counters; others are added to its lists."""
    campaign = counters["campaigns"][campaign_id]
    abandoned = {"no_agent_in_time": campaign["no_agent"], "caller_left": campaign["caller_left"]}
    plain = {name: value for name, value in counters.items() if isinstance(value, int) and name not in _ENGINE_HIDDEN}
    plain.pop("calls")
    values: list[tuple[str, float]] = [
        (f"engine_{name}" if name in _ENGINE_GAUGES else f"engine_{name}_total", float(value))
        for name, value in plain.items()
    ]
    values += [
        ("leads_left", leads_left),
        ("hopper", campaign["hopper"]),
        ("launches_total", campaign["launches"]),
        ("answered_total", campaign["connected"] + sum(abandoned.values())),
        ("connected_total", campaign["connected"]),
        ("cancels_total", campaign["cancels"]),
    ]
    pacing, budget = campaign["pacing"], campaign["budget"]
    values += [
        (f"budget_{name}", float(budget[name])) for name in ("answered", "ratio", "bound", "cap", "balance", "spent")
    ]
    values += [
        ("budget_abandoned", budget["legal_abandoned"]),
        ("budget_drops_left", math.inf if budget["drops_left"] is None else budget["drops_left"]),
    ]
    queue = campaign["queue"]
    values += [
        ("queue_estimated_wait_seconds", math.inf if queue["estimated_wait_s"] is None else queue["estimated_wait_s"]),
        ("queue_service_level", math.nan if queue["service_level"] is None else queue["service_level"]),
        ("queue_load_erlangs", queue["load_erlangs"]),
        ("agents_withheld", queue["withheld"]),
    ]
    values += [(f"pacing_{name}", pacing[name]) for name in ("kappa", "risk", "live_rate")]
    labelled: list[tuple[str, str, dict[str, float]]] = [
        ("calls", "state", {state: count for state, count in campaign["in_state"].items() if state != "free"}),
        ("agents", "state", counters["agents"]),
        ("outcomes_total", "outcome", campaign["outcomes"]),
        ("abandoned_total", "reason", abandoned),
        ("campaign_state", "state", {s.name.lower(): s.name.lower() == campaign["state"] for s in CampaignState}),
        ("pacing_fallback", "reason", {f.name.lower(): f.name.lower() == pacing["fallback"] for f in Fallback}),
        ("limited_by", "reason", {r.name.lower(): r.name.lower() == campaign["reason"] for r in LimitedBy}),
    ]
    for name in ("channels", "in_use", "pending"):
        by_group = {str(group): trunk[name] for group, trunk in counters["trunks"].items()}
        labelled.append((f"trunk_{name}", "trunk_group", by_group))
    return Reading(values, labelled, [])


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
        reading = answer.result(timeout=_ANSWER_S)
        for name, value in reading.values:
            yield _family(name, (), [((), value)])
        for name, label, by_label in reading.labelled:
            yield _family(name, (label,), [((key,), value) for key, value in by_label.items()])
        for name, buckets, total in reading.histograms:
            family = HistogramMetricFamily(f"outpace_{name}", _help(name))
            family.add_metric((), buckets=buckets, sum_value=total)
            yield family

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


def _family(name: str, labels: tuple[str, ...], samples: list[tuple[tuple[str, ...], float]]) -> Metric:
    kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
    family = kind(f"outpace_{name}", _help(name), labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _help(name: str) -> str:
    return HELP.get(name, name.removesuffix("_total").replace("_", " ").capitalize() + ".")
