"""What each method answers and what it writes, asked in process: tables of files, calls and Matchbox's answers."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.server import Site
from stoker.server.behind import open_files
from stoker.server.grpc_face import METHODS, Face
from stoker.server.grpc_handlers import Refused
from stoker.server.rpc import matchbox_pb2 as messages
from tests.server.conftest import compile_config, write
from tests.server.operators import REQUESTS


class Nobody:
    """The context of a call without a network."""

    def auth_context(self) -> dict[str, list[bytes]]:
        return {"x509_common_name": [b"client"]}

    def peer(self) -> str:
        return "ipv4:192.0.2.1:9"


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Each desk is closed in the end."""
    yield
    while Desk.opened:
        Desk.opened.pop().close()


class Desk:
    """The API on a directory of files, without a network; `{data}` stands for the directory in what it says."""

    opened: ClassVar[list[Desk]] = []

    def __init__(self, data: Path, files: dict[str, str]) -> None:
        data.mkdir()
        write(data, files)
        self.data = data
        self.stack = ExitStack()
        behind = self.stack.enter_context(open_files(data, None))
        self.site = Site(behind, None, compile_config, lambda _line: None)
        self.stack.callback(self.site.close, 30)
        self.site.wait_until_read(30)
        Desk.opened.append(self)

    def close(self) -> None:
        self.stack.close()

    def ask(self, name: str, /, **request: Any) -> Any:
        """The fields of the response; of a refusal its code and words."""
        path, method = REQUESTS[name]
        message = json_format.ParseDict(request, GetMessageClass(method.input_type)())
        try:
            data = self.send(path, message.SerializeToString())
        except Refused as error:
            return f"{error.code.name}: {error}".replace(str(self.data), "{data}")
        response = GetMessageClass(method.output_type).FromString(data)
        return json_format.MessageToDict(response, preserving_proto_field_name=True)

    def send(self, path: str, data: bytes) -> bytes:
        """The bytes of the response to some bytes. Raises Refused."""
        return asyncio.run(Face(self.site, lambda _line: None).answer(path, data, Nobody()))  # type: ignore[arg-type]

    def tree(self) -> dict[str, str]:
        paths = sorted(path for path in self.data.rglob("*") if path.is_file())
        return {str(path.relative_to(self.data)): path.read_text() for path in paths}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


MAC = "52-54-00-A1-9C-AE"
GROUP = {"id": "g", "profile": "p"}
KEY = "; a key is `folder/name`, or has up to three folders more"
TOO_LARGE = "a commit of 1048577 bytes, where 1048576 is the most; make several"
NO_NAME = "key 'ignition' has 1 parts" + KEY

# name -> files, method, request, answer, files written (as JSON where they are)
ROWS: dict[str, tuple[dict[str, str], str, dict[str, Any], Any, dict[str, Any]]] = {
    "group": ({}, "GroupPut", {"group": GROUP}, {}, {"groups/g.json": GROUP}),
    "group, nothing": ({}, "GroupPut", {}, "UNKNOWN: Id is required", {}),
    "group without id": ({}, "GroupPut", {"group": {"profile": "p"}}, "UNKNOWN: Id is required", {}),
    "group without profile": ({}, "GroupPut", {"group": {"id": "g"}}, "UNKNOWN: Group requires a Profile", {}),
    "group, address as written": (
        *({}, "GroupPut", {"group": {**GROUP, "selector": {"mac": MAC}}}, {}),
        {"groups/g.json": {**GROUP, "selector": {"mac": MAC}}},
    ),
    "group, no metadata": (
        *({}, "GroupPut", {"group": {**GROUP, "metadata": b64(" {} ")}}, {}),
        {"groups/g.json": GROUP},
    ),
    "group, metadata no object": (
        *({}, "GroupPut", {"group": {**GROUP, "metadata": b64("[]")}}),
        *("UNKNOWN: json: cannot unmarshal array into Go value of type map[string]interface {}", {}),
    ),
    "group, metadata too deep": (
        *({}, "GroupPut", {"group": {**GROUP, "metadata": b64('{"a":' * 900 + "1" + "}" * 900)}}),
        *("UNKNOWN: json: exceeded max depth", {}),
    ),
    "group in a folder": (
        *({}, "GroupPut", {"group": {"id": "a/b", "profile": "p"}}, {}),
        {"groups/a/b.json": {"id": "a/b", "profile": "p"}},
    ),
    "profile": (
        *({}, "ProfilePut", {"profile": {"id": "p", "boot": {"kernel": "k"}}}, {}),
        {"profiles/p.json": {"id": "p", "boot": {"kernel": "k"}}},
    ),
    "profile, nothing": ({}, "ProfilePut", {}, "UNKNOWN: Id is required", {}),
    "ignition": ({}, "IgnitionPut", {"name": "a.yaml", "config": b64("{{.x}}")}, {}, {"ignition/a.yaml": "{{.x}}"}),
    "generic, empty": ({}, "GenericPut", {"name": "a"}, {}, {"generic/a": ""}),
    "generic, a path is cleaned": ({}, "GenericPut", {"name": "//a/./b"}, {}, {"generic/a/b": ""}),
    "ignition, no name": ({}, "IgnitionPut", {}, "INVALID_ARGUMENT: " + NO_NAME, {}),
    "generic, no name": (
        *({"generic/a": ""}, "GenericPut", {}, "UNKNOWN: open {data}/generic: is a directory"),
        {"generic/a": ""},
    ),
    "ignition, a folder": (
        *({"ignition/d/x": "1"}, "IgnitionPut", {"name": "d"}, "UNKNOWN: open {data}/ignition/d: is a directory"),
        {"ignition/d/x": "1"},
    ),
    "ignition, below a file": (
        *({"ignition/x": "1"}, "IgnitionPut", {"name": "x/y"}, "UNKNOWN: mkdir {data}/ignition/x: not a directory"),
        {"ignition/x": "1"},
    ),
    "a name too long": (
        *({"generic/a": ""}, "GenericPut", {"name": "n" * 300}),
        "UNKNOWN: open {data}/generic/" + "n" * 300 + ": file name too long",
        {"generic/a": ""},
    ),
    "a folder too long": (
        *({"generic/a": ""}, "GenericPut", {"name": "n" * 300 + "/a"}),
        "UNKNOWN: mkdir {data}/generic/" + "n" * 300 + ": file name too long",
        {"generic/a": ""},
    ),
    "a path too long": (
        *({}, "GenericPut", {"name": "a/b/c/d/e"}),
        "INVALID_ARGUMENT: key 'generic/a/b/c/d/e' has 6 parts" + KEY,
        {},
    ),
    "a config too large": (
        *({}, "IgnitionPut", {"name": "a", "config": b64("x" * ((1 << 20) + 1))}),
        f"RESOURCE_EXHAUSTED: `ignition/a` is too large: {TOO_LARGE}",
        {},
    ),
    "delete a group": ({"groups/g.json": "{}"}, "GroupDelete", {"id": "g"}, {}, {}),
    "delete no group": (
        {},
        "GroupDelete",
        {"id": "g"},
        "UNKNOWN: remove {data}/groups/g.json: no such file or directory",
        {},
    ),
    "delete a group of no name": (
        {},
        "GroupDelete",
        {},
        "UNKNOWN: remove {data}/groups/.json: no such file or directory",
        {},
    ),
    "delete a profile": ({"profiles/p.json": "{}"}, "ProfileDelete", {"id": "p"}, {}, {}),
    "delete a config": ({"ignition/a": ""}, "IgnitionDelete", {"name": "a"}, {}, {}),
    "delete a template": ({"generic/a": ""}, "GenericDelete", {"name": "a"}, {}, {}),
    "delete a folder": (
        *({"ignition/d/x": "1"}, "IgnitionDelete", {"name": "d"}),
        *("UNKNOWN: remove {data}/ignition/d: directory not empty", {"ignition/d/x": "1"}),
    ),
    "delete below a file": (
        *({"generic/x": "1"}, "GenericDelete", {"name": "x/y"}),
        *("UNKNOWN: remove {data}/generic/x/y: not a directory", {"generic/x": "1"}),
    ),
}


@pytest.mark.parametrize(("files", "name", "request_", "answer", "written"), ROWS.values(), ids=ROWS)
def test_what_is_written(
    files: dict[str, str], name: str, request_: dict[str, Any], answer: Any, written: dict[str, Any], tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "data", files)
    assert desk.ask(name, **request_) == answer
    tree = {key: json.loads(text) if isinstance(written.get(key), dict) else text for key, text in desk.tree().items()}
    assert tree == written


FILES = {
    "groups/b.json": '{"ID": "inner", "profile": "p", "selector": {"MAC": "52-54-00-A1-9C-AE"},'
    ' "metadata": {"n": 1e6, "a": "<"}}',
    "groups/a.json": '{"profile": "none", "selector": {"os": "installed", "x": ""}, "metadata": {}}',
    "groups/c.json": '{"name": "every machine", "profile": "bare"}',
    "groups/bad.json": '{"selector": {"mac": "zz"}}',
    "groups/broken.json": '{"id": ',
    "groups/deep.json": '{"profile": "p", "selector": {"x": "y"}, "metadata": ' + '{"a":' * 700 + "1" + "}" * 701,
    "groups/half.json": '{"name": "\\ud800", "selector": {"\\udc00": "\\ud800"}, "metadata": {"\\ud800": "\\ud800"}}',
    "groups/c.yaml": "c.json is named by this one, too",
    "groups/note": "",
    "profiles/p.json": '{"id": "p", "boot": {"kernel": "k", "initrd": ["i", null]}, "ignition_id": "i.ign"}',
    "profiles/bare.json": '{"id": "other", "cmdline": "gone"}',
    "profiles/half.json": '{"id": "\\ud800", "boot": {"kernel": "\\ud800", "initrd": ["\\ud800"]}}',
    "profiles/noid.json": "{}",
    "ignition/i.ign": "{}",
    "generic/g": "text\n",
    "generic/d/x": "",
}
A = {"profile": "none", "selector": {"os": "installed", "x": ""}, "metadata": b64("{}")}
B = {
    "id": "inner",
    "profile": "p",
    "selector": {"MAC": "52:54:00:a1:9c:ae"},
    "metadata": b64('{"a":"\\u003c","n":1000000}'),
}
HALF = {"name": "\ufffd", "selector": {"\ufffd": "\ufffd"}, "metadata": b64('{"\ufffd":"\ufffd"}')}
HALF_PROFILE = {"id": "\ufffd", "boot": {"kernel": "\ufffd", "initrd": ["\ufffd"]}}
C = {"name": "every machine", "profile": "bare"}
P = {"id": "p", "boot": {"kernel": "k", "initrd": ["i", ""]}, "ignition_id": "i.ign"}
NO_GROUP = "NOT_FOUND: matchbox: No matching Group"
NO_PROFILE = "NOT_FOUND: matchbox: No matching Profile"

READ = [
    ("GroupGet", {"id": "b"}, {"group": B}),
    ("GroupGet", {"id": "a"}, {"group": A}),
    ("GroupGet", {"id": "c"}, {"group": C}),
    ("GroupGet", {"id": "bad"}, "UNKNOWN: address zz: invalid MAC address"),
    ("GroupGet", {"id": "broken"}, "UNKNOWN: {data}/groups/broken.json:1:8: not JSON: Expecting value"),
    ("GroupGet", {"id": "d"}, "UNKNOWN: open {data}/groups/d.json: no such file or directory"),
    ("GroupGet", {"id": "../profiles/p"}, "INVALID_ARGUMENT: the name leads out of groups/: use one without `..`"),
    ("GroupGet", {"id": "a\0"}, "UNKNOWN: invalid character in file path"),
    ("GroupList", {}, {"groups": [A, B, C, C, HALF]}),
    ("GroupGet", {"id": "half"}, {"group": HALF}),
    ("GroupGet", {"id": "deep"}, "UNKNOWN: json: exceeded max depth"),
    ("ProfileGet", {"id": "half"}, {"profile": HALF_PROFILE}),
    ("ProfileGet", {"id": "p"}, {"profile": P}),
    ("ProfileGet", {"id": "noid"}, "UNKNOWN: Id is required"),
    ("ProfileGet", {"id": ".."}, "UNKNOWN: open {data}/profiles/...json: no such file or directory"),
    ("ProfileList", {}, {"profiles": [{"id": "other"}, HALF_PROFILE, P]}),
    ("IgnitionGet", {"name": "i.ign"}, {"config": b64("{}")}),
    ("IgnitionGet", {"name": "none"}, "UNKNOWN: open {data}/ignition/none: no such file or directory"),
    ("IgnitionGet", {"name": "i.ign/x"}, "UNKNOWN: open {data}/ignition/i.ign/x: not a directory"),
    ("GenericGet", {"name": "g"}, {"config": b64("text\n")}),
    ("GenericGet", {"name": "d"}, "UNKNOWN: read {data}/generic/d: is a directory"),
    ("GenericGet", {}, "UNKNOWN: read {data}/generic: is a directory"),
    ("SelectGroup", {"labels": {"MAC": "52:54:00:a1:9c:ae"}}, {"group": B}),
    ("SelectGroup", {"labels": {"MAC": MAC}}, {"group": C}),
    ("SelectGroup", {"labels": {"os": "installed"}}, {"group": A}),
    ("SelectGroup", {}, {"group": C}),
    ("SelectProfile", {"labels": {"MAC": "52:54:00:a1:9c:ae"}}, {"profile": P}),
    ("SelectProfile", {"labels": {"os": "installed"}}, NO_PROFILE),
    ("SelectProfile", {}, {"profile": {"id": "other"}}),
]


@pytest.mark.parametrize(("name", "request_", "answer"), READ, ids=[f"{row[0]}-{row[1]}" for row in READ])
def test_what_is_read(name: str, request_: dict[str, Any], answer: Any, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data", FILES)
    before = desk.tree()
    assert desk.ask(name, **request_) == answer
    assert desk.tree() == before


def test_without_folders_nothing_is_listed(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data", {})
    assert desk.ask("GroupList") == "UNKNOWN: open {data}/groups: no such file or directory"
    assert desk.ask("ProfileList") == "UNKNOWN: open {data}/profiles: no such file or directory"
    assert desk.ask("SelectGroup") == "UNKNOWN: open {data}/groups: no such file or directory"
    assert desk.ask("SelectProfile") == NO_GROUP
    (desk.data / "groups").mkdir()
    assert (desk.ask("GroupList"), desk.ask("SelectGroup")) == ({}, NO_GROUP)


def test_what_is_written_has_plain_modes_and_no_empty_selector_takes_what_is_absent(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data", {})
    desk.ask("GroupPut", group={**GROUP, "selector": {"x": ""}})
    assert [oct(os.stat(desk.data / name).st_mode & 0o777) for name in ("groups", "groups/g.json")] == [
        "0o755",
        "0o644",
    ]
    assert desk.ask("SelectGroup", labels={"y": "1"})["group"]["id"] == "g"
    assert desk.ask("SelectGroup") == NO_GROUP


PUTS = {
    "GroupPut": lambda name: {"group": {"id": name, "profile": "p"}},
    "ProfilePut": lambda name: {"profile": {"id": name}},
    "IgnitionPut": lambda name: {"name": name, "config": b64("x")},
    "GenericPut": lambda name: {"name": name, "config": b64("x")},
}
NAMES = [
    "../x",
    "../../x",
    "a/../../x",
    "/../x",
    "sub/..",
    "..",
    "../groups/evil.json",
    "a\0b",
    ".stoker-x",
    "a/b/c/d/e/f",
]


@pytest.mark.parametrize("name", PUTS)
def test_nothing_is_written_beside_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    desk = Desk(tmp_path / "data", {})
    for folder in ("groups", "profiles", "ignition", "generic"):
        (desk.data / folder).mkdir()
        (desk.data / folder / "link").symlink_to(tmp_path / "other")
    folder = {"Group": "groups", "Profile": "profiles"}.get(name[:-3], name[:-3].lower())
    answers = [desk.ask(name, **PUTS[name](each)) for each in [*NAMES, "link/x"]]
    # With `.json` behind them two of them lead nowhere: `...json` is a name like another.
    assert sum(answer == {} for answer in answers) <= (2 if folder in {"groups", "profiles"} else 0)
    assert {key.partition("/")[0] for key in desk.tree()} <= {folder}
    assert list((tmp_path / "other").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "other"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data", {"groups/a.json": "{}"})
    (desk.data / "groups").chmod(0o555)
    assert desk.ask("GroupPut", group=GROUP) == "UNKNOWN: open {data}/groups/g.json: permission denied"


WHOLE = [
    messages.GroupPutRequest(group=messages.Group(id="a", profile="p", selector={"mac": "x"}, metadata=b'{"a": [1]}')),
    messages.ProfilePutRequest(profile=messages.Profile(id="a", boot=messages.NetBoot(kernel="k", initrd=["i"]))),
    messages.SelectGroupRequest(labels={"mac": "x"}),
]
DAMAGE = st.tuples(st.integers(0, 60), st.integers(0, 3), st.binary(max_size=4))


@given(st.sampled_from(sorted(METHODS)), st.sampled_from(WHOLE), st.lists(DAMAGE, max_size=3), st.binary(max_size=40))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_any_bytes_are_answered_or_refused(
    path: str, whole: Message, damage: list[tuple[int, int, bytes]], noise: bytes
) -> None:
    data = whole.SerializeToString()
    for start, length, put in damage:
        data = data[:start] + put + data[start + length :]
    with TemporaryDirectory() as root:
        desk = Desk(Path(root) / "data", {"groups/a.json": '{"profile": "p"}'})
        for each in (data, noise):
            with suppress(Refused):
                desk.send(path, each)
        Desk.opened.pop().close()
        assert os.listdir(root) == ["data"]
