"""Timelines within their bounds: events go in, those that came last come out."""

from __future__ import annotations

from stoker.report import Event
from stoker.server.notes import MAX_EVENTS
from stoker.server.timelines import EVENT_BYTES, Timelines


def event(number: int, size: int = 0) -> Event:
    return Event(float(number), "log", "x" * size)


def test_the_last_events_of_a_machine_are_kept() -> None:
    timelines = Timelines()
    for number in range(MAX_EVENTS + 5):
        timelines.add("a", event(number))
    assert [each.at for each in timelines.of("a")] == [float(number) for number in range(5, MAX_EVENTS + 5)]
    assert timelines.size == MAX_EVENTS * EVENT_BYTES
    assert len(timelines.pop("a")) == MAX_EVENTS
    assert (timelines.size, len(timelines), timelines.of("a"), timelines.pop("a")) == (0, 0, (), ())


def test_the_machine_that_was_silent_for_longest_makes_room() -> None:
    timelines = Timelines(max_bytes=3 * (EVENT_BYTES + 1000))
    for number, name in enumerate(["a", "b", "a", "c"]):
        timelines.add(name, event(number, 1000))
    assert [len(timelines.of(name)) for name in "abc"] == [2, 0, 1]
    timelines.add("d", event(9, 10_000))
    assert [len(timelines.of(name)) for name in "abcd"] == [0, 0, 0, 1]
