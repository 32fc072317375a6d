from __future__ import annotations

import asyncio
from collections.abc import Sequence

from outpace.domain.commands import SaveEstimates, StoreCommand
from outpace.domain.config import Campaign, Pool, TrunkGroup
from outpace.engine.engine import ESTIMATES_FORMAT
from outpace.runtime.clock import Clock
from outpace.runtime.estimates import EstimateKeeper


class Learned:
    """An engine that learns with every question."""

    def __init__(self, *campaign_ids: int) -> None:
        self.asked = 0
        self.pool = Pool(
            campaigns=tuple(Campaign(id=one, name=str(one)) for one in campaign_ids),
            trunk_groups=(TrunkGroup(id=1, name="t"),),
        )

    def dump_estimates(self, campaign_id: int) -> bytes:
        self.asked += 1
        return bytes([campaign_id, self.asked])


class Sink:
    """A store that keeps what it gets."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[StoreCommand], int]] = []
        self.third = asyncio.Event()

    def submit(self, commands: Sequence[StoreCommand], now_ns: int) -> None:
        self.batches.append((list(commands), now_ns))
        if len(self.batches) == 3:
            self.third.set()


def test_save_hands_over_every_campaign_in_one_batch() -> None:
    sink, clock = Sink(), Clock(1.0)
    EstimateKeeper(Learned(3, 7), sink, clock).save()
    ((commands, now_ns),) = sink.batches
    assert commands == [
        SaveEstimates(3, ESTIMATES_FORMAT, b"\x03\x01"),
        SaveEstimates(7, ESTIMATES_FORMAT, b"\x07\x02"),
    ]
    assert 0 < now_ns <= clock.now_ns()


async def test_it_saves_again_and_again_until_it_is_closed() -> None:
    sink = Sink()
    keeper = EstimateKeeper(Learned(1), sink, Clock(1.0), every_s=0.001)
    keeper.start()
    assert sink.batches == []
    await asyncio.wait_for(sink.third.wait(), 5.0)
    keeper.close()
    saved = len(sink.batches)
    await asyncio.sleep(0.01)
    assert len(sink.batches) == saved


def test_close_before_the_start_does_nothing() -> None:
    EstimateKeeper(Learned(1), Sink(), Clock(1.0)).close()
