"""The verbs `token` and `watch` against a server that runs: who is let in, and what they are shown."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoker.cli.main import main
from tests.server.conftest import until

STOKER = Path(sys.executable).parent / "stoker"
MAC = "52:54:00:a1:9c:ae"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site").mkdir()
    run = subprocess.run(
        [STOKER, "token", "viewer", "bob", "--token-file", tmp_path / "tokens"], capture_output=True, check=True
    )
    (tmp_path / "token").write_bytes(run.stdout)
    words = ["serve", tmp_path / "site", "--address", "127.0.0.1:0", "--token-file", tmp_path / "tokens"]
    words += ["--log-format", "json"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([STOKER, *words], stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.send_signal(signal.SIGTERM)
    assert server.returncode == 0


def report(address: str, text: str) -> None:
    body = json.dumps({"stage": "files", "text": text, "outcome": "failed", "at": 0.0}).encode()
    url = f"{address}/api/v1/machines/{MAC}/events"
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST")) as response:
        assert response.status == 204


def is_watched(address: str) -> bool:
    with urllib.request.urlopen(f"{address}/metrics") as response:
        return b"\nstoker_watchers 1\n" in response.read()


FORMS = {
    "jsonl": ['{"at":', '"stage":"files","text":"wrote \\u001b[31m nothing"'],
    "text": ["1970-01-01 00:00:00  52:54:00:a1:9c:ae  files: [failed] wrote \ufffd[31m nothing"],
}


@pytest.mark.parametrize("form", FORMS)
def test_what_happens_is_shown_as_it_happens(form: str, address: str, tmp_path: Path) -> None:
    words = [STOKER, "watch", "--server", address, "--token-file", tmp_path / "token", "-o", form]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"TZ": "UTC"}) as watch:
        assert watch.stdout is not None
        until(lambda: is_watched(address))
        report(address, "wrote \x1b[31m nothing")
        line = next(line for line in watch.stdout if b"nothing" in line)
        watch.send_signal(signal.SIGINT)
    assert watch.returncode == 130
    assert all(part in line.decode() for part in FORMS[form])
    lines = [json.loads(each) for each in (tmp_path / "log").read_text().splitlines()]
    assert {each["caller"] for each in lines if each["text"] == "request"} == {"anyone", "viewer:bob"}


def test_who_has_no_token_is_told_how_to_get_one(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stoker", "watch", "--server", address]) == 1
    assert capfd.readouterr().err == (
        f"stoker: `{address}` refused: this takes a token of role viewer or operator\n"
        "hint: a server's operator makes a token with `stoker token viewer NAME`; hand it over by --token-file\n"
    )


def test_nobody_there(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stoker", "watch", "--server", "http://127.0.0.1:1"]) == 69
    assert "does not answer: connection refused" in capfd.readouterr().err


BAD_TOKENS = [b"", b"\n", b"two words", b"\xff\xfe", b"tab\there"]


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_a_file_without_a_token_is_refused(token: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_bytes(token)
    assert main(["stoker", "watch", "--token-file", str(tmp_path / "token")]) == 1
    assert "holds no token" in capfd.readouterr().err


def test_a_token_is_added_to_the_file_and_shown_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "tokens"
    for role, name in (("operator", "alice"), ("machine", "52-54-00-A1-9C-AE")):
        assert main(["stoker", "token", role, name, "--token-file", str(file)]) == 0
        said = capfd.readouterr()
        assert len(said.out.strip()) == 43
        assert said.out.strip() not in said.err + file.read_text()
    assert [line.split()[:2] for line in file.read_text().splitlines()] == [["operator", "alice"], ["machine", MAC]]
    assert file.stat().st_mode & 0o777 == 0o640
    file.write_text("# cut off")
    assert main(["stoker", "token", "viewer", "bob", "--token-file", str(file)]) == 0
    assert file.read_text().startswith("# cut off\nviewer bob sha256:")


@pytest.mark.parametrize("words", [["machine", "web"], ["viewer", "a b"], ["viewer", ""], ["viewer", "x" * 101]])
def test_a_name_that_cannot_be_one_is_refused(words: list[str], tmp_path: Path) -> None:
    assert main(["stoker", "token", *words, "--token-file", str(tmp_path / "tokens")]) == 64
    assert not (tmp_path / "tokens").exists()
