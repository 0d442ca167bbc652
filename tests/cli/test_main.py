"""The program: its help, its mistakes, its exit codes, the names it answers to."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys

import pytest

from stoker import __version__
from stoker.cli.main import main
from stoker.cli.verbs import APPLETS, VERBS
from tests.cli.conftest import Run

# words -> exit code, stdout, stderr
ANSWERS = {
    "version": (["--version"], 0, f"stoker {__version__}\n", ""),
    "nothing": ([], 64, "", "stoker: what shall be done?\nhint: `stoker --help` lists the verbs\n"),
    "a slip": (
        ["complettion", "bash"],
        64,
        "",
        "stoker: there is no verb `complettion`\nhint: did you mean `stoker completion`?\n",
    ),
    "a slip in an option": (
        ["--verson"],
        64,
        "",
        "stoker: there is no option `--verson`\nhint: did you mean `stoker --version`?\n",
    ),
    "nothing like it": (
        ["xyzzy"],
        64,
        "",
        "stoker: there is no verb `xyzzy`\nhint: `stoker --help` lists the verbs\n",
    ),
    "a slip in a verb's option": (
        ["completion", "--hlep", "bash"],
        64,
        "",
        "stoker: completion: unrecognized arguments: --hlep\nhint: did you mean `--help`?\n",
    ),
    "an argument missing": (
        ["completion"],
        64,
        "",
        (
            "stoker: completion: the following arguments are required: shell\n"
            "hint: usage: stoker completion [-h] {bash,fish,zsh}\n"
        ),
    ),
}


@pytest.mark.parametrize(("words", "code", "stdout", "stderr"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], code: int, stdout: str, stderr: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["/usr/bin/stoker", *words]) == code
    assert tuple(capfd.readouterr()) == (stdout, stderr)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_verb_and_applet_once(flag: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stoker", flag]) == 0
    first_words = [line.split()[0] for line in capfd.readouterr().out.splitlines() if line.startswith("  ")]
    assert first_words == [*VERBS, *APPLETS]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_a_usage_and_an_example(verb: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["stoker", verb, "--help"])
    assert end.value.code == 0
    text = capfd.readouterr().out
    assert text.startswith(f"Usage: stoker {verb}")
    assert f"stoker {verb}" in text.partition("Example:\n")[2]
    assert [line for line in text.splitlines() if len(line) > 79 or line.endswith("-")] == []


@pytest.mark.parametrize("applet", APPLETS)
def test_every_applet_can_be_asked_for_help(applet: str) -> None:
    assert callable(importlib.import_module(APPLETS[applet].module).run)


def test_a_link_is_the_command_it_is_named_for(run: Run) -> None:
    by_word, by_link = run("butane", "--version"), run("--version", name="butane")
    assert by_word.stdout == by_link.stdout == "Butane v0.29.0\n"
    assert run("--nope", name="butane").stderr.startswith("Usage: butane [options] [input-file]\n")
    assert run("--version", name="other").stdout == f"stoker {__version__}\n"


def test_a_reader_that_goes_away_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "stoker", "completion", "bash"]
    gone = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (gone.returncode, gone.stderr) == (141, b"")


@pytest.mark.parametrize("words", [["--version"], ["completion", "--help"], ["butane", "--version"]], ids=" ".join)
def test_a_full_disk_is_said(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "stoker", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "stoker: `stdout`: no space left on device\n")


def test_what_cannot_be_read_is_named_when_it_is_stdin() -> None:
    with open(os.devnull, "wb") as unreadable:
        command = [sys.executable, "-m", "stoker", "plan", "-"]
        done = subprocess.run(command, stdin=unreadable, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "stoker: `<stdin>`: bad file descriptor\n")


def heed() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_ends_it_quietly() -> None:
    """More than a pipe holds can only be written once the command is reading.

    A background job of a shell ignores interrupts, and so would what it starts.
    """
    command = [sys.executable, "-m", "stoker", "butane"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        preexec_fn=heed,  # noqa: PLW1509 -- there are no threads
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"#" * (1 << 20))
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
        assert process.wait() == 130
