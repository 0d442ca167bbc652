"""What is said again within a second is one event."""

from __future__ import annotations

from stoker.machines import Booted, Identity, Receipt, Seen, Sent, Tokened, Told
from stoker.machines.facts import AnyFact
from stoker.report import Event
from stoker.server.notes import Note
from stoker.server.repeats import MOST, Repeats


def seen(mac: str, text: str = "was given its boot script", at: float = 1.0, **labels: str) -> Note:
    return noted(mac, Seen(labels, "g", "p"), Told(Event(at, "ipxe", text)), Booted(), at=at)


def noted(mac: str, *facts: AnyFact, at: float = 1.0) -> Note:
    return Note(Identity("", mac), facts, at)


def test_the_same_within_a_second_is_repeated_and_later_it_is_not() -> None:
    repeats = Repeats()
    given = [(10.0, "a"), (10.5, "a"), (10.5, "b"), (10.99, "a"), (11.0, "a"), (11.9, "a"), (9.0, "a")]
    assert [repeats.is_repeated(seen(mac, at=at)) for at, mac in given] == [
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_what_says_something_else_is_not_repeated() -> None:
    repeats = Repeats()
    told = [seen("a"), seen("a", "was refused"), seen("a", arch="x86_64"), seen("a")]
    assert [repeats.is_repeated(each) for each in told] == [False, False, False, True]
    event = Event(1.0, "files", "x", "failed", digest="d", pointer=("a",))
    other = [Told(event), Told(event, is_trusted=False), Sent(Receipt(1.0, "c", "s")), Sent(Receipt(1.0, "c", "t"))]
    assert not any(repeats.is_repeated(noted("a", fact)) for fact in other)
    assert all(repeats.is_repeated(noted("a", fact, at=1.5)) for fact in other)


def test_what_counts_each_time_is_never_repeated() -> None:
    repeats = Repeats()
    assert [repeats.is_repeated(noted("a", Tokened(None))) for _ in range(3)] == [False] * 3


def test_as_many_as_there_are_take_no_more_room() -> None:
    repeats = Repeats()
    for number in range(MOST + 10):
        assert not repeats.is_repeated(seen(str(number)))
    assert len(repeats.seen) == MOST
    assert not repeats.is_repeated(seen("0"))


def test_what_could_not_be_kept_is_not_repeated() -> None:
    repeats = Repeats()
    assert not repeats.is_repeated(seen("a"))
    repeats.forget(seen("a"))
    assert not repeats.is_repeated(seen("a"))
