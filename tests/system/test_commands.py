"""External commands: in which words they answer, and where they are found."""

from __future__ import annotations

import pytest

from stoker.system import CommandFault, commands


def test_commands_speak_english_and_are_found_where_root_has_them() -> None:
    locale, path = commands.run(["sh", "-c", 'echo "$LC_ALL"; echo "$PATH"']).decode().splitlines()
    assert locale == "C"
    assert path.endswith(":/usr/sbin:/sbin")


# id: (command, status, what it wrote to its standard error)
FAILURES: dict[str, tuple[list[str], int, str]] = {
    "a failure": (["sh", "-c", "echo no >&2; exit 3"], 3, "no\n"),
    "a signal": (["sh", "-c", "kill -9 $$"], 0, ""),
    "not installed": (["no-such-command"], 127, "no-such-command"),
}


@pytest.mark.parametrize(("command", "status", "errors"), FAILURES.values(), ids=FAILURES)
def test_failures_say_how_and_why(command: list[str], status: int, errors: str) -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(command)
    assert caught.value.status == status
    assert errors in caught.value.errors.decode()


# id: (words of a command, the last of them as they are shown)
SHOWN: dict[str, tuple[list[str], str]] = {
    "a password": (["--password", "$6$salt$hash", "core"], '"--password" "xxxxx" "core"'),
    "a kernel argument": (["--should-exist", "stoker.token=abc"], '"--should-exist" "stoker.token=xxxxx"'),
    "an option that only sounds like it": (["--key-size=512", "quiet=1"], '"--key-size=512" "quiet=1"'),
}


@pytest.mark.parametrize(("words", "shown"), SHOWN.values(), ids=SHOWN)
def test_a_failure_does_not_tell_secrets(words: list[str], shown: str) -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(["false", *words])
    assert f'Cmd: "false" {shown} Stdout' in str(caught.value)


def test_what_a_tool_prints_cannot_steer_a_terminal() -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(["sh", "-c", r"printf 'one\r\033[2Jtwo\nthree' >&2; exit 1"])
    assert r'Stderr: "one\r\x1b[2Jtwo\nthree"' in str(caught.value)
