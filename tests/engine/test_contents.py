"""What a config says of contents and of fetching them, and how bytes that come piece by piece get into the tree."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from stoker.engine import settings_of, source_of
from stoker.engine.operations.files import WriteFile
from stoker.fetch import Embedded, NotFound, Proxies, Settings, Source, Write
from stoker.fetch.messages import NOT_FOUND
from stoker.schema.v3 import Config, Resource

DIGEST = "sha512-" + hashlib.sha512(b"large").hexdigest()


class Pieces(Embedded):
    """Gets `large` from wherever that is not the config, a byte at a time; breaks off before the end if told so."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.asked: list[Source] = []
        self._is_broken = is_broken

    def copy_to(self, source: Source, write: Write, limit: int = 0) -> int:
        if source.is_embedded:
            return super().copy_to(source, write)
        self.asked.append(source)
        for byte in b"large":
            write(bytes([byte]))
        if self._is_broken:
            raise NotFound(NOT_FOUND, url="http://h/f", reason="404 Not Found")
        return 5


def files(**entry: Any) -> dict[str, Any]:
    return {"storage": {"files": [{"path": "/a/f", **entry}]}}


REMOTE = {"source": "http://h/f"}


@pytest.mark.parametrize(
    ("entry", "there", "expected"),
    [
        ({"contents": REMOTE}, {}, "large"),
        ({"contents": REMOTE, "overwrite": True}, {"/a/f": "old"}, "large"),
        ({"contents": REMOTE, "overwrite": True}, {"/a/f": "-> g"}, "large"),
        ({"append": [REMOTE, {"source": "data:,-"}, REMOTE]}, {}, "large-large"),
        ({"append": [REMOTE]}, {"/a/f": "old "}, "old large"),
        ({"contents": REMOTE, "append": [REMOTE]}, {}, "largelarge"),
    ],
)
def test_pieces_get_into_the_tree(tree: Any, entry: Any, there: Any, expected: str) -> None:
    tree.lay(there)
    outcome = tree.provision(files(mode=0o4711, user={"id": 7}, **entry), Pieces())
    assert outcome.succeeded
    assert (tree.text("/a/f"), tree.rights("/a/f")) == (expected, ("0o4711", 7, 0))
    assert tree.system.list("/a") == ["f"]


@pytest.mark.parametrize(
    ("entry", "there"),
    [
        ({"contents": REMOTE}, {"/a": None}),
        ({"contents": REMOTE, "overwrite": True}, {"/a/f": "old"}),
        ({"append": [REMOTE]}, {"/a": None}),
        ({"append": [REMOTE]}, {"/a/f": "old"}),
    ],
)
def test_pieces_that_break_off_leave_nothing_behind(tree: Any, entry: Any, there: Any) -> None:
    tree.lay(there)
    before = {path: tree.text(path) for path in ("/a", *there)}
    outcome = tree.provision(files(**entry), Pieces(is_broken=True))
    (found,) = outcome.report
    assert (found.code, found.pointer[:3]) == ("not-found", ("storage", "files", 0))
    assert found.message == "resource not found: `http://h/f`: 404 Not Found"
    assert {path: tree.text(path) for path in ("/a", *there)} == before
    assert tree.system.list("/a") == [path.rpartition("/")[2] for path in there if path != "/a"]


def test_what_a_run_that_was_cut_off_has_left_is_cleared_away(tree: Any) -> None:
    """Switched off in the middle, there is a temporary file and no other; the next run takes up from there."""

    class SwitchedOff(BaseException):
        """Nothing that the tree does can clear up after this."""

    def content(write: Write) -> None:
        write(b"la")
        (name,) = tree.system.list("/a")
        left.append(name)
        raise SwitchedOff

    left: list[str] = []
    with pytest.raises(SwitchedOff):
        tree.system.write_file("/a/f", content)
    tree.lay({f"/a/{left[0]}": "la"})
    assert tree.provision(files(contents=REMOTE), Pieces()).succeeded
    assert tree.system.list("/a") == ["f"]


def test_what_is_there_is_known_by_its_digest(tree: Any) -> None:
    tree.lay({"/f": "large"})
    plain, checked = Source("http://h/f"), Source("http://h/f", digest=DIGEST.upper().replace("SHA512", "sha512"))
    fetch = Pieces()
    assert WriteFile(path="/f", source=checked).is_done(tree.system, fetch)
    assert fetch.asked == []
    assert WriteFile(path="/f", source=plain).is_done(tree.system, fetch)
    assert fetch.asked == [plain]
    tree.system.write_file("/f", b"other", replace=True)
    assert not WriteFile(path="/f", source=checked).is_done(tree.system, fetch)
    assert not WriteFile(path="/f", source=plain).is_done(tree.system, fetch)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({}, Source()),
        ({"source": "data:,x"}, Source("data:,x")),
        (
            {
                "source": "http://h/f",
                "httpHeaders": [{"name": "A", "value": "1"}, {"name": "B"}, {"name": "C", "value": ""}],
                "compression": "gzip",
                "verification": {"hash": DIGEST},
            },
            Source("http://h/f", (("A", "1"), ("C", "")), "gzip", DIGEST),
        ),
    ],
)
def test_sources(resource: Any, expected: Source) -> None:
    assert source_of(msgspec.convert(resource, Resource)) == expected


@pytest.mark.parametrize(
    ("ignition", "expected"),
    [
        ({}, Settings()),
        (
            {
                "timeouts": {"httpResponseHeaders": 0, "httpTotal": 30},
                "proxy": {"httpProxy": "http://p", "httpsProxy": "https://q", "noProxy": ["a", "b"]},
                "security": {"tls": {"certificateAuthorities": [{"source": "data:,x", "compression": "gzip"}]}},
            },
            Settings(
                response_headers=0,
                total=30,
                proxies=Proxies("http://p", "https://q", ("a", "b")),
                authorities=(Source("data:,x", compression="gzip"),),
            ),
        ),
        ({"timeouts": {"httpTotal": 5}, "security": {}}, Settings(total=5)),
    ],
)
def test_settings(ignition: Any, expected: Settings) -> None:
    config = msgspec.convert({"ignition": {"version": "3.6.0", **ignition}}, Config)
    assert settings_of(config) == expected
