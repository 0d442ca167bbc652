"""Reporting in: to the spool, to the console, to a server that answers, is dead, hangs or refuses."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import Outcome
from stoker.engine.outcome import DONE, FAILED, NOT_REACHED
from stoker.engine.reporting import LOG, LOG_LINES, Post, Reporter, destination, post_by
from stoker.engine.spool import MOST_PENDING, Spool
from stoker.fetch import Settings
from stoker.platforms.kernel import kernel_arguments
from stoker.report import Entry, Event, Report, Severity
from stoker.schema.v3 import Config, Ignition, KernelArguments
from stoker.server.roles import Role, add_token

NOON = 1_700_000_000.0
MAC = "52:54:00:a1:9c:ae"
TOKEN = "s3cret-t0ken"
URL = "http://192.0.2.1/events"
DIGEST = "ab" * 64
POINTER = ("storage", "files", 0)

Texts = list[str]


def outcome(*words: str, error: str = "", events: int = 0) -> Outcome:
    """An outcome with events that ended in those words, and with an error if one is given."""
    listed = [Event(NOON, "files", f"writing {number}", word, pointer=POINTER) for number, word in enumerate(words)]
    listed += [Event(NOON, "files", f"writing {number}") for number in range(len(words), len(words) + events)]
    entries = [Entry(Severity.ERROR, "e", error, POINTER, hint="do it otherwise")] if error else []
    return Outcome(listed, Report(entries), KernelArguments(), [])


class Server:
    """Stands for the way to a server: keeps what is sent, and answers in turn; the last answer stays."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[dict[str, str], list[dict[str, Any]]]] = []

    def post(self, _url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> int:
        assert len(body) <= 64 << 10
        self.sent.append((dict(headers), json.loads(body)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def texts(self) -> Texts:
        return [event["text"] for _, events in self.sent for event in events]


MakeReporter = Callable[..., Reporter]


@pytest.fixture
def said() -> Texts:
    return []


@pytest.fixture
def reporter(tmp_path: Path, said: Texts) -> MakeReporter:
    """Make the reporter of a stage; all of them share a spool and a console."""

    def make(post: Post, boot: str = "boot", url: str = URL, token: str = TOKEN, **more: Any) -> Reporter:
        spool = Spool(tmp_path / "spool")
        return Reporter(spool, said.append, url, token, boot=boot, post=post, clock=lambda: NOON, **more)

    return make


def test_a_stage_that_succeeds(reporter: MakeReporter, said: Texts, tmp_path: Path) -> None:
    server = Server(204)
    reporter(server.post).report("files", outcome(DONE, DONE), digest=DIGEST, milliseconds=12.3)
    assert said == ["stoker: files: 2 operations done, 12 ms"]
    assert server.texts == ["writing 0", "writing 1", "files: 2 operations done"]
    headers, events = server.sent[0]
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert events[0] == {
        "at": NOON,
        "stage": "files",
        "text": "writing 0",
        "digest": DIGEST,
        "pointer": ["storage", "files", 0],
    }
    lines = (tmp_path / "spool/events.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == server.texts
    assert (tmp_path / "spool/pending.jsonl").read_text() == ""


def test_a_stage_that_fails(reporter: MakeReporter, said: Texts, tmp_path: Path) -> None:
    server = Server(204)
    failing = reporter(server.post)
    for number in range(LOG_LINES + 10):
        failing.note(f"line {number}")
    failing.report("files", outcome(DONE, FAILED, NOT_REACHED, error="no such user `web`"), digest=DIGEST)
    record = tmp_path / "spool/failure.json"
    assert said == [f"stoker: files failed; `{record}` has what is known of it"]
    kept = json.loads(record.read_text())
    assert (kept["operation"], kept["pointer"], kept["boot"]) == ("writing 1", "$.storage.files.0", "boot")
    assert (kept["reason"], kept["hint"], kept["digest"]) == ("no such user `web`", "do it otherwise", DIGEST)
    assert kept["log"] == [f"line {number}" for number in range(10, LOG_LINES + 10)]
    log = [event["text"] for _, events in server.sent for event in events if event.get("outcome") == LOG]
    assert log == kept["log"]
    assert server.texts[-2:] == ["no such user `web` do it otherwise", "files: 1 operation done"]
    assert record.stat().st_mode & 0o777 == 0o600

    reporter(server.post).report("umount", outcome(DONE))
    assert record.exists()
    reporter(server.post).report("files", outcome(DONE))
    assert not record.exists()


# id -> (what the server answers to the first stage, how many of its events are sent by the second, what is said)
ANSWERS: dict[str, tuple[int | Exception, int, str]] = {
    "taken": (204, 0, ""),
    "dead": (OSError("connection refused"), 2, "connection refused"),
    "broken": (503, 2, "it answered 503"),
    "refuses": (400, 0, "it answered 400"),
    "no reason": (ValueError(), 2, "ValueError"),
}


@pytest.mark.parametrize(("answer", "replayed", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_what_is_not_taken_is_sent_by_a_later_stage(
    reporter: MakeReporter, said: Texts, answer: int | Exception, replayed: int, reason: str
) -> None:
    server = Server(answer, 204)
    reporter(server.post).report("disks", outcome(DONE))
    server.sent.clear()
    reporter(server.post).report("files", outcome(DONE))
    assert len(server.texts) == replayed + 2
    complaints = [line for line in said if "did not take" in line]
    assert complaints == ([f"stoker: `{URL}` did not take what happened: {reason}"] if reason else [])


def test_a_server_that_hangs_costs_the_budget_and_no_more(reporter: MakeReporter, said: Texts, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        reporter(post_by(Settings()), url=url, budget=0.2).report("disks", outcome(DONE))
        spent = json.loads((tmp_path / "spool/boot").read_text())
        assert spent == {"boot": "boot", "seconds": 0.2}
        server = Server(204)
        reporter(server.post, budget=0.2).report("files", outcome(DONE))
        assert server.sent == []
        assert said[-1].endswith("the 0.2 s of this boot are spent")
        reporter(server.post, boot="another", budget=0.2).report("files", outcome(DONE))
        assert len(server.texts) == 6


def test_what_is_about_to_be_spent_is_counted_before(reporter: MakeReporter, tmp_path: Path) -> None:
    seen: list[Any] = []

    def post(_url: str, _headers: object, _body: bytes) -> int:
        seen.append(json.loads((tmp_path / "spool/boot").read_text())["seconds"])
        return 204

    reporter(post).report("files", outcome(DONE))
    assert seen == [2.0]
    assert json.loads((tmp_path / "spool/boot").read_text())["seconds"] < 2.0


def test_the_token_is_in_nothing_that_is_kept(reporter: MakeReporter, said: Texts, tmp_path: Path) -> None:
    server = Server(OSError(f"bad header Bearer {TOKEN}"))
    failing = reporter(server.post, url=f"{URL}?token={TOKEN}")
    failing.note(f"kernel command line: stoker.token={TOKEN}")
    failing.report("files", outcome(FAILED, error=f"cannot use {TOKEN}"))
    kept = "".join(path.read_text() for path in (tmp_path / "spool").iterdir())
    assert TOKEN not in kept + "".join(said) + repr(failing)
    assert "stoker.token=xxxxx" in kept


def test_nothing_is_sent_where_nobody_listens(reporter: MakeReporter, tmp_path: Path) -> None:
    reporter(Server(204).post, url="").report("files", outcome(DONE))
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["events.jsonl"]


def test_a_spool_that_cannot_be_written_stops_nothing(reporter: MakeReporter, said: Texts, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    reporter(Server(204).post).report("files", outcome(FAILED, error="why"))
    assert [line.partition(":")[2].partition(":")[0] for line in said if " cannot " in line] == [
        " cannot keep what happened",
        " cannot keep the record of a failure",
        " cannot keep what is still to be sent",
    ]
    assert "stoker: files failed: why" in said  # and not where to read more of it


def test_what_is_sent_and_kept_is_bounded(reporter: MakeReporter, tmp_path: Path) -> None:
    server = Server(503)
    for _ in range(12):
        reporter(server.post).report("files", outcome(*["not reached"] * 200, error="x" * 5000))
    assert len(Spool(tmp_path / "spool").pending()) == MOST_PENDING
    small = Spool(tmp_path / "small", largest=1000)
    for _ in range(30):
        small.keep([Event(NOON, "files", "x" * 50)])
    assert (tmp_path / "small/events.jsonl").stat().st_size <= 1000
    server = Server(204)
    long = [Event(NOON, "files", "x" * 3000) for _ in range(60)]
    reporter(server.post).report("files", Outcome(long[:20], Report(), KernelArguments(), []))
    assert all(len(events) <= 100 for _, events in server.sent)
    assert max(map(len, server.texts)) == 2000


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.queue([Event(NOON, "files", "whole")])
    with (tmp_path / "pending.jsonl").open("a") as file:
        file.write('{"at": 1, "sta')
    assert [event.text for event in spool.pending()] == ["whole"]


# id -> (the kernel's command line, arguments that the config wants, where and by which token)
DESTINATIONS: dict[str, tuple[str, list[str], tuple[str, str]]] = {
    "nowhere": ("quiet", [], ("", "")),
    "this boot": ("stoker.events=http://a stoker.token=t", [], ("http://a", "t")),
    "the config": ("quiet", ["stoker.events=http://a", "stoker.token=t"], ("http://a", "t")),
    "this boot first": ("stoker.events=http://a", ["stoker.events=http://b", "stoker.token=t"], ("http://a", "t")),
    "the last one": ("stoker.events=http://a stoker.events=http://b", [], ("http://b", "")),
}


@pytest.mark.parametrize(("line", "wanted", "expected"), DESTINATIONS.values(), ids=DESTINATIONS)
def test_where_to_report(line: str, wanted: list[str], expected: tuple[str, str]) -> None:
    config = Config(ignition=Ignition(version="3.4.0"), kernel_arguments=KernelArguments(should_exist=wanted))
    assert destination(kernel_arguments(line), config) == expected


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """`stoker serve` on loopback: its address, and the token of an operator."""
    for folder in ("groups", "profiles", "ignition"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    token = add_token(tmp_path / "tokens", Role.OPERATOR, "alice")
    command = [sys.executable, "-m", "stoker", "serve", str(tmp_path / "data"), "--address", "127.0.0.1:0"]
    command += ["--token-file", str(tmp_path / "tokens")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), token
        finally:
            process.terminate()


def test_with_a_real_server(reporter: MakeReporter, served: tuple[str, str], said: Texts) -> None:
    address, token = served
    url = f"{address}/api/v1/machines/{MAC}/events"
    refused = reporter(post_by(Settings()), url="http://127.0.0.1:1/", budget=60)
    refused.report("disks", outcome(DONE, events=300))
    failing = reporter(post_by(Settings()), url=url, token=token, budget=60)
    failing.note("a line of the log")
    failing.report("files", outcome(DONE, FAILED, error="why"), digest=DIGEST)
    assert [line.partition(" did not")[0] for line in said if "did not take" in line] == [
        "stoker: `http://127.0.0.1:1/`"
    ]
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked) as answer:
        events = msgspec.json.decode(answer.read())["events"]
    ours = [
        (event["stage"], event.get("outcome", DONE), event["text"])
        for event in events
        if event["stage"] not in {"identity", "state"}
    ]
    assert ours[:20] == [("files", DONE, f"writing {number}") for number in range(20)]
    assert ours[20:] == [
        ("disks", DONE, "disks: 301 operations done"),
        ("files", DONE, "writing 0"),
        ("files", FAILED, "writing 1"),
        ("files", LOG, "a line of the log"),
        ("files", FAILED, "why do it otherwise"),
        ("files", FAILED, "files: 1 operation done"),
    ]
