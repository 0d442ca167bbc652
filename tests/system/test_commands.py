"""External commands: in which words they answer, and where they are found."""

from __future__ import annotations

import os
import signal

import pytest

from stoker.system import CommandFault, commands, disk_commands, errors


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


@pytest.mark.parametrize(("command", "status", "said"), FAILURES.values(), ids=FAILURES)
def test_failures_say_how_and_why(command: list[str], status: int, said: str) -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(command)
    assert caught.value.status == status
    assert said in caught.value.errors.decode()


# id: (bytes that are printed on each stream, what the command is given)
LOUD: dict[str, tuple[int, bytes]] = {
    "quiet": (0, b""),
    "with input": (0, b"x" * 300_000),
    "more than a pipe holds": (200_000, b"x" * 300_000),
    "more than is kept of its talk": (commands.TALK + 100_000, b"x"),
    "more than is kept of its answer": (commands.ANSWER + 100_000, b""),
}


@pytest.mark.parametrize(("size", "stdin"), LOUD.values(), ids=LOUD)
def test_of_what_is_printed_the_end_is_kept(size: int, stdin: bytes) -> None:
    script = f"yes | head -c {size} >&2; yes | head -c {size}; wc -c; echo end >&2; exit $0"
    answer = commands.run(["sh", "-c", script, "0"], stdin)
    whole = b"y\n" * (size // 2) + f"{len(stdin)}\n".encode()
    assert answer == whole[-commands.ANSWER :]
    with pytest.raises(CommandFault) as caught:
        commands.run(["sh", "-c", script, "3"], stdin)
    assert caught.value.errors == (b"y\n" * (size // 2) + b"end\n")[-commands.TALK :]
    assert len(str(caught.value)) < 4 * errors.SHOWN
    assert "end" in str(caught.value)


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(CommandFault, match=r'no answer within 0\.2 s: .* Stdout: "begun"'):
        commands.run(["sh", "-c", "echo begun; exec sleep 1000"], b"", 0.2)


def test_what_a_command_leaves_running_is_not_waited_for() -> None:
    """A tool that has started a daemon: it is done, though the daemon has its pipes."""
    started = commands.run(["sh", "-c", "sleep 1000 & echo $!"], b"", 30.0)
    os.kill(int(started), signal.SIGKILL)


# id: (words of a command, the last of them as they are shown)
SHOWN: dict[str, tuple[list[str], str]] = {
    "a password": (["--password", "$6$salt$hash", "core"], '"--password" "xxxxx" "core"'),
    "a kernel argument": (["--should-exist", "stoker.token=abc"], '"--should-exist" "stoker.token=xxxxx"'),
    "an option that only sounds like it": (["--key-size=512", "quiet=1"], '"--key-size=512" "quiet=1"'),
}


def test_the_configuration_of_a_pin_is_not_shown() -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(["false", *disk_commands.bind_volume("/dev/sda", "custom", '{"token": "abc"}')])
    assert 'Cmd: "false" "clevis" "luks" "bind" "-f" "-k" "-" "-d" "/dev/sda" "custom" "xxxxx" Stdout' in str(
        caught.value
    )


@pytest.mark.parametrize(("words", "shown"), SHOWN.values(), ids=SHOWN)
def test_a_failure_does_not_tell_secrets(words: list[str], shown: str) -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(["false", *words])
    assert f'Cmd: "false" {shown} Stdout' in str(caught.value)


def test_what_a_tool_prints_cannot_steer_a_terminal() -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(["sh", "-c", r"printf 'one\r\033[2Jtwo\nthree' >&2; exit 1"])
    assert r'Stderr: "one\r\x1b[2Jtwo\nthree"' in str(caught.value)


# id: (what a tool prints, what is shown of it)
USAGES: dict[str, tuple[str, str]] = {
    "after what is wrong": ("too small\nUsage: mkfs.xfs\n[-b size=num]", "too small"),
    "before what is wrong": ("usage: tool [-h]\ntool: error: no", r"usage: tool [-h]\ntool: error: no"),
    "alone": ("Usage: tool FILE", "Usage: tool FILE"),
    "in a sentence": ("one\nthe disk usage: 3 %", r"one\nthe disk usage: 3 %"),
}


@pytest.mark.parametrize(("printed", "shown"), USAGES.values(), ids=USAGES)
def test_how_a_tool_is_used_is_not_what_was_wrong(printed: str, shown: str) -> None:
    with pytest.raises(CommandFault) as caught:
        commands.run(["sh", "-c", 'printf %s "$0" >&2; exit 1', printed])
    assert str(caught.value).endswith(f'Stderr: "{shown}"')
    assert caught.value.errors.decode() == printed
