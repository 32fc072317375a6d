"""Prometheus metrics: read from the engine's counters and everybody's gauges at scrape time; nothing per call.

The exporter's threads ask the event loop for the figures, so that a scrape sees one moment and races with nobody.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from outpace.runtime.histogram import Histogram

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

_ANSWER_S = 2.0


class Reading(msgspec.Struct, frozen=True):
    """What one scrape shows.

    Parameters
    ----------
    values : (name without prefix, value); a name that ends in `_total` is a counter, any other a gauge.
    labelled : (name, label name, label value -> value), always gauges or, by the same rule, counters.
    histograms : (name, histogram).
    """

    values: list[tuple[str, float]]
    labelled: list[tuple[str, str, dict[str, float]]]
    histograms: list[tuple[str, Histogram]]


#: HELP of the families; what is not listed here is described by its name.
HELP = {
    "calls": "Live calls by state.",
    "agents": "Agents by state.",
    "leads_left": "Leads of the campaign that may still be dialled.",
    "outcomes_total": "Attempts that ended in this run, by outcome.",
    "answered_total": "Calls that a person answered, earlier runs included: connected and abandoned.",
    "connected_total": "Answered calls that reached an agent, earlier runs included.",
    "abandoned_total": "Answered calls that reached no agent, earlier runs included.",
    "campaign_state": "1 for the state that the campaign is in.",
    "limited_by": "1 for what keeps the engine from dialling more now.",
    "commands_total": "Commands of the engine, by kind.",
    "facts_refused_total": "Facts from outside that the engine's state forbids, by kind.",
    "pump_facts_total": "Facts handled.",
    "pump_facts_dropped_total": "Facts dropped because too many waited.",
    "pump_facts_waiting": "Facts that wait to be handled.",
    "pump_turns_total": "Turns of the pump.",
    "pump_lag_seconds": "Time from a fact's arrival until it was handled.",
    "pump_turn_seconds": "Duration of a turn of the pump.",
    "store_commit_seconds": "Duration of a transaction of the store.",
    "store_retrying": "1 while the store refuses to write (locked, full) and is asked again.",
    "clock_ahead_seconds": "How far engine time is ahead of a wall clock that was set back.",
}


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
        for name, histogram in reading.histograms:
            family = HistogramMetricFamily(f"outpace_{name}", _help(name))
            family.add_metric((), buckets=histogram.cumulative(), sum_value=histogram.sum)
            yield family

    def _answer(self, answer: concurrent.futures.Future[Reading]) -> None:
        try:
            answer.set_result(self._read())
        except Exception as error:  # the scrape fails, with the reason; the node does not
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
