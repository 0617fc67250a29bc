"""Places at hosts: given back once, whatever happens to those who had them or waited for them."""

from __future__ import annotations

import asyncio

import pytest
from yarl import URL

from aggregator.turns import Turns

HERE, THERE = URL("http://here.example/"), URL("http://there.example/")


async def test_who_no_longer_waits_takes_no_place() -> None:
    turns = Turns(1, 0.0)
    first, second, third = turns.turn(), turns.turn(), turns.turn()
    await first.take(HERE)
    waiting = asyncio.create_task(second.take(HERE))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    second.leave()
    first.leave()
    async with asyncio.timeout(5):
        await third.take(HERE)


async def test_a_place_is_given_back_once() -> None:
    turns = Turns(1, 0.0)
    first, second, third = turns.turn(), turns.turn(), turns.turn()
    await first.take(HERE)
    first.leave()
    first.leave()
    await second.take(HERE)
    waiting = asyncio.create_task(third.take(HERE))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    second.leave()
    async with asyncio.timeout(5):
        await waiting


async def test_two_who_go_where_the_other_was_do_not_lock_up() -> None:
    turns = Turns(1, 0.0)
    first, second = turns.turn(), turns.turn()
    await first.take(HERE)
    await second.take(THERE)
    async with asyncio.timeout(5):
        await asyncio.gather(first.take(THERE), second.take(HERE))


async def test_a_place_is_given_back_when_what_was_done_at_it_fails() -> None:
    turns = Turns(1, 0.0)
    for _ in range(2):
        async with asyncio.timeout(5):
            with pytest.raises(ZeroDivisionError):
                async with turns.at(HERE):
                    raise ZeroDivisionError
