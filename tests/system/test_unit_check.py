"""What systemd says of units: the lines of its answer, and those that only tell of the machine that asks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stoker.system import CommandFault
from stoker.system.real_devices import Run
from stoker.system.unit_check import Complaint, check_units

ROOT = "/tmp/tree"
UNITS = "/etc/systemd/system"


def answering(errors: str, status: int = 1) -> Run:
    """A systemd-analyze that says this."""

    def run(arguments: Sequence[str], _stdin: bytes = b"", _seconds: float = 60.0) -> bytes:
        assert list(arguments[:4]) == ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"]
        if status:
            raise CommandFault(arguments, f"exit status {status}", b"", errors.encode(), status)
        return b""

    return run


# id: (answer, unit, path, line, text, whether it is refused), None: nothing is said
ANSWERS: dict[str, tuple[str, tuple[str, str, int, str, bool] | None]] = {
    "a key": (
        f"{ROOT}{UNITS}/a.service:3: Unknown key 'X' in section [Service], ignoring.",
        ("a.service", f"{UNITS}/a.service", 3, "Unknown key 'X' in section [Service], ignoring.", False),
    ),
    "a key of a drop-in": (
        f"{ROOT}{UNITS}/a.service.d/b.conf:1: Assignment outside of section. Ignoring.",
        ("a.service", f"{UNITS}/a.service.d/b.conf", 1, "Assignment outside of section. Ignoring.", False),
    ),
    "a unit": (
        "a.service: Service has no ExecStart=. Refusing.",
        ("a.service", f"{UNITS}/a.service", 0, "Service has no ExecStart=. Refusing.", True),
    ),
    "a template": (
        "b@i.service: Service has no ExecStart=. Refusing.",
        ("b@.service", f"{UNITS}/b@.service", 0, "Service has no ExecStart=. Refusing.", True),
    ),
    "a template, as newer ones try it": (
        "b@test-instance.service: Service has no ExecStart=. Refusing.",
        ("b@.service", f"{UNITS}/b@.service", 0, "Service has no ExecStart=. Refusing.", True),
    ),
    "twice the same": (
        "a.service: Where= is odd.\na.service: Where= is odd.",
        ("a.service", f"{UNITS}/a.service", 0, "Where= is odd.", False),
    ),
    "a unit of this machine": ("/usr/lib/systemd/system/x.service:3: Unknown key 'X'", None),
    "another unit": ("x.service: Service has no ExecStart=. Refusing.", None),
    "a program that is not here": ("a.service: Command /opt/x is not executable: No such file or directory", None),
    "a unit that is not here": ("a.service: Failed to create a.service/start: Unit sysinit.target not found.", None),
    "words": ("Unit a.service has a bad unit file setting.", None),
}


@pytest.mark.parametrize(("answer", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_complaints(answer: str, expected: tuple[str, str, int, str, bool] | None) -> None:
    paths = [f"{UNITS}/a.service", f"{UNITS}/b@.service"]
    assert check_units(ROOT, paths, answering(answer)) == ([Complaint(*expected)] if expected else [])


def test_without_complaints_without_units_and_without_systemd() -> None:
    path = [f"{UNITS}/a.service"]
    assert check_units(ROOT, path, answering("", 0)) == []
    assert check_units(ROOT, [], answering("never asked", 1)) == []
    assert check_units(ROOT, path, answering("env: 'systemd-analyze': No such file or directory", 127)) is None
    assert check_units(ROOT, path, answering("systemd-analyze: unrecognized option '--recursive-errors=no'")) is None


def test_no_answer_in_time_is_not_a_good_one() -> None:
    def run(arguments: Sequence[str], _stdin: bytes = b"", seconds: float = 60.0) -> bytes:
        raise CommandFault(arguments, f"no answer within {seconds:g} s")

    assert check_units(ROOT, [f"{UNITS}/a.service"], run) is None


def test_many_units_are_all_checked() -> None:
    """As many at once as go on a command line."""
    asked: list[str] = []

    def run(arguments: Sequence[str], _stdin: bytes, _seconds: float) -> bytes:
        asked.extend(word for word in arguments if word.startswith(ROOT))
        return b""

    paths = [f"/etc/systemd/system/u{number}.service" for number in range(1201)]
    assert check_units(ROOT, paths, run) == []
    assert asked == [ROOT + path for path in paths]
