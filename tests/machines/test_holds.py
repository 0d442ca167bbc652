"""Templates that are held back: who fails where, who is refused, and what ends it."""

from __future__ import annotations

import msgspec
import pytest

from stoker.machines.holds import Hold, note_failure, release
from stoker.machines.receipts import Receipt
from stoker.machines.record import Failure

FILE, UNIT = ("storage", "files", 0), ("systemd", "units", 0)
Story = list[tuple[str, str, tuple[str | int, ...]]]

# (machine, revision of the template, pointer)... -> what the hold is for, who is refused of a, b, c
STORIES: dict[str, tuple[Story, str, str]] = {
    "one machine": ([("a", "1", FILE)], "", ""),
    "one machine, twice": ([("a", "1", FILE), ("a", "1", FILE)], "", ""),
    "two machines": ([("a", "1", FILE), ("b", "1", FILE)], "$.storage.files.0", "c"),
    "two machines, elsewhere": ([("a", "1", FILE), ("b", "1", UNIT)], "", ""),
    "two elsewhere, then one more": ([("a", "1", FILE), ("b", "1", UNIT), ("c", "1", UNIT)], "$.systemd.units.0", "a"),
    "two versions of the template": ([("a", "1", FILE), ("b", "2", FILE)], "", ""),
    "nobody knows where": ([("a", "1", ()), ("b", "1", ())], "", ""),
    "a third was on its way": ([("a", "1", FILE), ("b", "1", FILE), ("c", "1", FILE)], "$.storage.files.0", ""),
}


def play(story: Story) -> tuple[Hold | None, list[str]]:
    hold, told = None, []
    for machine, revision, pointer in story:
        held = note_failure(
            hold,
            Receipt(0.0, "c", "s", template="ignition/web.bu", revision=revision),
            Failure(5.0, "files", "x", pointer=pointer),
            machine,
            5.0,
        )
        hold = held.hold if held else hold
        told += [event.text for event in held.events] if held else []
    return hold, told


@pytest.mark.parametrize("story, pointer, refused", STORIES.values(), ids=list(STORIES))
def test_a_story(story: Story, pointer: str, refused: str) -> None:
    hold, told = play(story)
    assert (hold.pointer if hold else "") == pointer
    assert [name for name in "abc" if hold and hold.holds(story[-1][1], name)] == list(refused)
    assert len(told) == bool(pointer)


def test_a_hold_says_why_and_ends_with_the_template_or_by_a_person() -> None:
    hold, told = play([("a", "1", FILE), ("b", "1", FILE)])
    assert hold is not None
    assert told == ["`ignition/web.bu` is held: `a` and `b` failed at `$.storage.files.0` of what it makes"]
    assert hold.holds("1", "c")
    assert not hold.holds("2", "c")
    released, events = release(hold, "ada", 9.0)
    assert [event.text for event in events] == ["`ignition/web.bu` is released by `ada`"]
    assert not released.holds("1", "c")
    again = note_failure(
        released, Receipt(0.0, "c", "s", revision="1"), Failure(9.0, "files", "x", pointer=FILE), "c", 9.0
    )
    assert again is not None
    assert not again.hold.held_at
    assert msgspec.json.decode(msgspec.json.encode(hold), type=Hold) == hold


def test_what_is_watched_is_bounded() -> None:
    hold, _ = play([("a", "1", ("storage", "files", number)) for number in range(1000)])
    assert hold is not None
    assert len(hold.failed) == 64
    hold, _ = play([(str(number), "1", FILE) for number in range(1000)])
    assert hold is not None
    assert len(hold.failed["$.storage.files.0"]) == 16


def test_a_config_that_no_template_made_is_not_held() -> None:
    assert note_failure(None, Receipt(0.0, "c", "s"), Failure(5.0, "files", "x", pointer=FILE), "a", 5.0) is None
