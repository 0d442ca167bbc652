"""The ring of events and those who watch it: what each of them gets, on a loop of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest

from stoker.server.streams import HEARTBEAT, PULSE, Stream, message


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


def stream(**values: float) -> Stream:
    return Stream(epoch="0badcafe", **values)  # type: ignore[arg-type]


def test_a_message_has_the_form_of_the_standard() -> None:
    assert message("e-1", "machine", b'{"a":1}') == b'id: e-1\nevent: machine\ndata: {"a":1}\n\n'


def test_every_watcher_gets_the_same_bytes_in_order() -> None:
    async def test() -> None:
        events = stream()
        events.publish("machine", b"before")
        watchers = [events.follow() for _ in range(50)]
        assert [await anext(each) for each in watchers] == [HEARTBEAT] * 50
        pieces = [asyncio.ensure_future(anext(each)) for each in watchers]
        await asyncio.sleep(0)
        events.publish("machine", b"1")
        events.publish("machine", b"2")
        expected = message("0badcafe-2", "machine", b"1") + message("0badcafe-3", "machine", b"2")
        assert await asyncio.gather(*pieces) == [expected] * 50
        assert (events.counts.watching, events.counts.sent) == (50, 100)
        for each in watchers:
            await each.aclose()
        assert events.counts.watching == 0

    run(test)


POSITIONS = [
    ("0badcafe-1", None),
    ("0badcafe-2", 3),
    ("0badcafe-4", 5),
    ("0badcafe-5", 6),
    ("0badcafe-6", None),
    ("deadbeef-3", None),
    ("3", None),
    ("", None),
    ("0badcafe-" + "9" * 30, None),
]


@pytest.mark.parametrize("last_id, expected", POSITIONS)
def test_where_a_watcher_goes_on(last_id: str, expected: int | None) -> None:
    events = stream(max_messages=3)
    for number in range(5):
        events.publish("machine", str(number).encode())
    assert (events.start, events.end) == (3, 6)
    assert events.position(last_id) == expected


def test_a_watcher_resumes_after_what_it_saw() -> None:
    async def test() -> None:
        events = stream()
        for number in range(3):
            events.publish("machine", str(number).encode())
        async with aclosing(events.follow("0badcafe-2")) as watcher:
            assert await anext(watcher) == HEARTBEAT
            assert await anext(watcher) == message("0badcafe-3", "machine", b"2")

    run(test)


def test_who_resumes_at_what_is_gone_is_told_and_goes_on_live() -> None:
    async def test() -> None:
        events = stream()
        async with aclosing(events.follow("deadbeef-7")) as watcher:
            told = await anext(watcher)
            assert told.startswith(b"id: 0badcafe-0\nevent: missed\n")
            events.publish("machine", b"next")
            assert await anext(watcher) == message("0badcafe-1", "machine", b"next")
        assert events.counts.missed == 1

    run(test)


def test_a_slow_watcher_is_told_and_dropped() -> None:
    async def test() -> None:
        events = stream(max_messages=10)
        slow, quick = events.follow(), events.follow()
        await anext(slow)
        await anext(quick)
        for number in range(25):
            events.publish("machine", str(number).encode())
            assert str(number).encode() in await anext(quick)
        told = await anext(slow)
        assert b'event: missed\ndata: {"reason":"you read too slowly: 15 events went by"}' in told
        assert [piece async for piece in slow] == []
        await quick.aclose()
        assert events.counts.watching == 0

    run(test)


def test_the_ring_is_bounded_by_bytes_too() -> None:
    events = stream(max_bytes=1000)
    for _ in range(100):
        events.publish("machine", b"x" * 100)
    assert events.size <= 1000
    assert events.size == sum(map(len, events.ring))
    assert events.end == 101


def test_silence_is_broken_by_a_sign_of_life() -> None:
    async def test() -> None:
        events = stream(heartbeat=0.001)
        async with aclosing(events.follow()) as watcher:
            assert [await anext(watcher) for _ in range(3)] == [HEARTBEAT] * 3
        assert events.waiting == []

    run(test)


def test_closing_ends_every_stream() -> None:
    async def test() -> None:
        events = stream()
        watcher = events.follow()
        await anext(watcher)
        rest = asyncio.ensure_future(anext(watcher, b"end"))
        await asyncio.sleep(0)
        events.close()
        assert await rest == b"end"

    run(test)


def test_the_pulse_tells_that_something_happened_and_not_how_often() -> None:
    async def test() -> None:
        events = stream()
        pulse = events.pulse()
        assert await anext(pulse) == HEARTBEAT
        for number in range(100):
            events.publish("machine", str(number).encode())
        assert await anext(pulse) == PULSE
        piece = asyncio.ensure_future(anext(pulse))
        await asyncio.sleep(0)
        events.touch()
        assert await piece == PULSE
        assert (events.counts.looking, events.counts.watching) == (1, 0)
        events.close()
        assert [piece async for piece in pulse] == []
        assert events.counts.looking == 0

    run(test)


def test_a_pulse_without_news_is_a_sign_of_life() -> None:
    async def test() -> None:
        async with aclosing(stream(heartbeat=0.001).pulse()) as pulse:
            assert [await anext(pulse) for _ in range(3)] == [HEARTBEAT] * 3

    run(test)
