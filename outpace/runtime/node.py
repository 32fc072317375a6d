"""A node: one pool's engine with its store, switch and journal; from start through recovery to a clean end.

Crash-only: a start is a recovery, whatever the last end was like.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import msgspec

from outpace.domain.commands import AnyCommand, CampaignStateChanged
from outpace.domain.errors import ConfigError, OutpaceError, StoreError
from outpace.domain.events import (
    CampaignDraining,
    CampaignPaused,
    CampaignStarted,
    CampaignStopped,
)
from outpace.domain.states import CampaignState
from outpace.engine.engine import Engine
from outpace.runtime.audit import RunMark, write_mark
from outpace.runtime.board import Board, Progress
from outpace.runtime.campaign_file import Setup
from outpace.runtime.clock import Clock
from outpace.runtime.metrics import MetricsServer, NodeCollector, Reading
from outpace.runtime.pump import Pump
from outpace.runtime.runner import PoolRunner, RunnerSettings, settings_digest
from outpace.runtime.settings import JournalSettings
from outpace.runtime.switches import SimulatedSettings
from outpace.store.port import Store

log = logging.getLogger(__name__)

#: Real seconds that a stop waits for unanswered calls to be hung up and recorded.
STOP_WAIT_S = 3.0

#: Real seconds that a complete or drained campaign waits for agents in wrap-up.
WRAP_UP_WAIT_S = 30.0


class Ending(Enum):
    """How a run ended."""

    COMPLETED = "completed"
    DRAINED = "drained"
    STOPPED = "stopped"


class NodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line may set over the campaign file. None = as the file says."""

    store_path: Path | None = None
    journal_path: Path | None = None
    metrics_port: int | None = None
    speed: float | None = None
    seed: int | None = None


def journal_of(setup: Setup, options: NodeOptions) -> JournalSettings | None:
    """The journal that a run writes, None = none."""
    if options.journal_path is None:
        return setup.journal
    return msgspec.structs.replace(setup.journal or JournalSettings(), path=str(options.journal_path))


class Node:
    """Runs one campaign file's campaign.

    Parameters
    ----------
    setup : the campaign file.
    options : what overrules it.
    """

    def __init__(self, setup: Setup, options: NodeOptions | None = None) -> None:
        options = options or NodeOptions()
        self._setup = setup
        self._options = options
        self.store_path = options.store_path or Path(setup.store.path)
        if options.speed not in (None, 1.0) and not isinstance(setup.switch, SimulatedSettings):
            raise ConfigError("--speed", "only the simulated switch can run faster than time")
        self._runner_settings = RunnerSettings(
            store_path=self.store_path,
            switch=setup.switch,
            folder=setup.file.parent,
            journal=journal_of(setup, options),
            speed=options.speed,
            seed=options.seed,
        )
        self._ended = asyncio.Event()
        self._failure: Exception | None = None
        self._draining = False
        self._stopping = False
        self._run_id = 0
        self.board: Board | None = None
        self.metrics: MetricsServer | None = None

    async def run(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        every_s: float = 1.0,
        signals: bool = False,
    ) -> Ending:
        """Start, dial until the campaign is complete or somebody ends it, and close everything.

        With `signals`, SIGINT and SIGTERM drain, the second one stops, the third leaves at once.

        Raises
        ------
        StoreError, LinkDown, ConfigError : it could not be started; StaleEpoch : another engine took the pool;
        whatever the engine raised.
        """
        self._runner = PoolRunner(self._runner_settings, self._fail)
        try:
            with self._signals(signals):
                await self._start()
                reporter = asyncio.create_task(self._report(on_progress, every_s)) if on_progress else None
                try:
                    await self._ended.wait()
                    await self._finish()
                    if on_progress is not None and self._failure is None:
                        on_progress(self.progress())
                finally:
                    if reporter is not None:
                        reporter.cancel()
        finally:
            await self._close()
        if self._failure is not None:
            raise self._failure
        if self._stopping:
            return Ending.STOPPED
        return Ending.COMPLETED if self._campaign_state is CampaignState.COMPLETED else Ending.DRAINED

    @property
    def engine(self) -> Engine:
        """The engine, once it is made."""
        return self._runner.engine

    @property
    def pump(self) -> Pump:
        """The pump, once it is made."""
        return self._runner.pump

    @property
    def clock(self) -> Clock:
        """Engine time."""
        return self._runner.clock

    # ---- what an operator may do ---------------------------------------------------------------------------------

    def pause(self) -> None:
        """Launch no more; calls in hand go on."""
        self._runner.post([CampaignPaused(self.campaign_id)])

    def resume(self) -> None:
        """Dial on after a pause."""
        self._runner.post([CampaignStarted(self.campaign_id)])

    def drain(self) -> None:
        """Launch no more, let the calls in hand end, then end the run."""
        if not self._draining:
            self._draining = True
            log.info("draining: nothing more is launched", extra={"campaign": self._setup.campaign.name})
            self._runner.post([CampaignDraining(self.campaign_id)])

    def stop(self) -> None:
        """Hang up what is unanswered or waits, and end the run; conversations stay on the switch."""
        if not self._stopping:
            self._draining = self._stopping = True
            log.warning("stopping now", extra={"campaign": self._setup.campaign.name})
            self._runner.post([CampaignStopped(self.campaign_id)])
            asyncio.get_running_loop().call_later(STOP_WAIT_S, self._ended.set)

    def progress(self) -> Progress:
        """The board, now."""
        assert self.board is not None
        return self.board.progress(self.clock.now_ns())

    # ---- start -----------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        runner, setup = self._runner, self._setup
        worker = await runner.open()
        self.campaign_id = await worker.call(lambda store: store.campaign_id(setup.campaign.name))
        await runner.build(setup.pool(self.campaign_id), setup.automatic())
        self._campaign_state = runner.engine.campaign_state(self.campaign_id)
        await self._note_run()
        first = await runner.connect()
        leads = await worker.call(lambda store: store.counts(self.campaign_id))
        self.board = Board(
            runner.engine, self.campaign_id, setup.campaign.name, leads=leads, now_ns=self.clock.now_ns()
        )  # fmt: skip
        runner.pump.watch(self.board.leads.watch)
        runner.pump.watch(self._watch)
        if self._options.metrics_port is not None:
            collector = NodeCollector(self._reading, asyncio.get_running_loop())
            self.metrics = MetricsServer(self._options.metrics_port, collector)
        runner.post([CampaignStarted(self.campaign_id)])
        runner.start(first)
        log.info(
            "running",
            extra={"campaign": setup.campaign.name, "campaign_id": self.campaign_id, "epoch": runner.epoch},
        )

    async def _note_run(self) -> None:
        # Before recovery: what it settles belongs to this run.
        campaign, campaign_id, now_ns = self._setup.campaign, self.campaign_id, self.clock.now_ns()
        digest = settings_digest(campaign)
        self._run_id = await self._runner.worker.call(lambda store: store.begin_run(campaign_id, digest, now_ns))
        write_mark(self.store_path, RunMark((campaign.name,)))

    # ---- while it runs ---------------------------------------------------------------------------------------------

    def _watch(self, command: AnyCommand) -> None:
        if type(command) is not CampaignStateChanged or command.campaign_id != self.campaign_id:
            return
        self._campaign_state = command.state
        log.info(
            "campaign state",
            extra={"campaign_id": command.campaign_id, "state": command.state.name.lower()},
        )
        done = command.state is CampaignState.COMPLETED
        if done or (self._draining and command.state is CampaignState.PAUSED):
            self._ended.set()

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
            log.error("the node must stop: %s", error)
        self._ended.set()

    async def _report(self, on_progress: Callable[[Progress], None], every_s: float) -> None:
        while True:
            on_progress(self.progress())
            await asyncio.sleep(every_s)

    @contextmanager
    def _signals(self, wanted: bool) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        kinds = (signal.SIGINT, signal.SIGTERM) if wanted else ()
        for kind in kinds:
            loop.add_signal_handler(kind, self._on_signal)
        try:
            yield
        finally:
            for kind in kinds:
                loop.remove_signal_handler(kind)

    def _on_signal(self) -> None:
        if self.board is None:
            self._fail(OutpaceError("interrupted while starting"))
        elif not self._draining:
            self.drain()
        elif not self._stopping:
            self.stop()
        else:
            self._ended.set()

    # ---- end -------------------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        # Agents write up their last calls and are let go; what was said last reaches switch and store.
        if self._failure is not None:
            return
        runner = self._runner
        if not self._stopping:
            await runner.wrap_up(WRAP_UP_WAIT_S)
            runner.agents.log_out()
        runner.estimates.save()
        await runner.settle()
        if runner.engine.hopper_count(self.campaign_id):
            # Leads that were asked for before the end came after it: give them back.
            runner.post([CampaignDraining(self.campaign_id)])
            await runner.settle()
        await runner.forget_settled()
        log.info(
            "ended",
            extra={
                "campaign": self._setup.campaign.name,
                "facts": runner.pump.facts_handled,
                "lag_p50_s": runner.pump.lag_s.quantile(0.5),
                "lag_p99_s": runner.pump.lag_s.quantile(0.99),
                "commit_p50_s": runner.worker.commit_s.quantile(0.5),
                "commit_p99_s": runner.worker.commit_s.quantile(0.99),
            },
        )

    async def _close(self) -> None:
        last: Callable[[Store], None] | None = None
        if self._failure is None and self._run_id:
            run_id, now_ns = self._run_id, self.clock.now_ns()
            last = lambda store: store.end_run(run_id, now_ns)  # noqa: E731 - what is done last, where there is a run
        try:
            taken = await self._runner.close(last)
        except StoreError as error:
            self._failure, taken = error, True
        if self.metrics is not None:
            await asyncio.to_thread(self.metrics.close)
        if not taken:
            log.error("the store did not take what was left; the next start settles it")

    # ---- figures ---------------------------------------------------------------------------------------------------

    def _reading(self) -> Reading:
        assert self.board is not None
        return self._runner.reading({self.campaign_id: (self._setup.campaign.name, self.board.leads.left)})
