"""Requests that come at once share the loop's turns with what must not wait for them."""

from __future__ import annotations

import asyncio
import itertools

from outpace.api.turns import Turns


async def test_few_begin_in_a_turn_and_in_order() -> None:
    turns, begun, seen = Turns(2), list[int](), list[int]()
    running = True

    async def request(number: int) -> None:
        await turns.mine()
        begun.append(number)

    def other() -> None:
        seen.append(len(begun))
        if running:
            loop.call_soon(other)

    loop = asyncio.get_running_loop()
    loop.call_soon(other)
    await asyncio.gather(*(request(number) for number in range(20)))
    running = False
    assert begun == list(range(20))
    # what else is to be done is done after two of them at most
    assert all(later - earlier <= 2 for earlier, later in itertools.pairwise(seen))
    assert len(seen) >= 9


async def test_who_is_gone_takes_nobodys_turn() -> None:
    turns, begun = Turns(1), list[int]()

    async def request(number: int) -> None:
        await turns.mine()
        begun.append(number)

    tasks = [asyncio.create_task(request(number)) for number in range(5)]
    await asyncio.sleep(0)
    for number in (1, 3):
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert begun == [0, 2, 4]
    await asyncio.wait_for(request(9), 10.0)
    assert begun[-1] == 9
