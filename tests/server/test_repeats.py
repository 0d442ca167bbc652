"""What is said again within a second is one event."""

from __future__ import annotations

from stoker.machines import Identity, Sighting
from stoker.report import Event
from stoker.server.repeats import MOST, Repeats


def seen(mac: str, text: str = "was given its boot script", **labels: str) -> Sighting:
    return Sighting(Identity("", mac), (Event(0, "ipxe", text),), labels, "g", "p")


def test_the_same_within_a_second_is_repeated_and_later_it_is_not() -> None:
    repeats = Repeats()
    given = [(10.0, "a"), (10.5, "a"), (10.5, "b"), (10.99, "a"), (11.0, "a"), (11.9, "a"), (9.0, "a")]
    assert [repeats.is_repeated(seen(mac), at) for at, mac in given] == [False, True, False, True, False, True, False]


def test_what_says_something_else_is_not_repeated() -> None:
    repeats = Repeats()
    told = [seen("a"), seen("a", "was refused"), seen("a", arch="x86_64"), seen("a")]
    assert [repeats.is_repeated(each, 1.0) for each in told] == [False, False, False, True]


def test_as_many_as_there_are_take_no_more_room() -> None:
    repeats = Repeats()
    for number in range(MOST + 10):
        assert not repeats.is_repeated(seen(str(number)), 1.0)
    assert len(repeats.seen) == MOST
    assert not repeats.is_repeated(seen("0"), 1.0)


def test_what_could_not_be_kept_is_not_repeated() -> None:
    repeats = Repeats()
    assert not repeats.is_repeated(seen("a"), 1.0)
    repeats.forget(seen("a"))
    assert not repeats.is_repeated(seen("a"), 1.0)
