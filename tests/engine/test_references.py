"""Configs that name each other: what they amount to, in which order they are fetched, and who gave what."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from stoker.engine.errors import BadConfig, EngineFault, NeedsNetwork
from stoker.engine.origins import Origins, decode_origins, encode_origins, joined, single
from stoker.engine.references import DEEPEST, MOST, Rendered, Renderer, read_config
from stoker.fetch import FetchFault, NotFound, Settings, Source
from stoker.fetch.messages import NOT_FOUND
from stoker.fetch.source import COPY_LIMIT, READ_LIMIT
from stoker.ignition.merge import CHILD, PARENT, Transcript
from stoker.ignition.merge import Source as Giver
from stoker.report import Level, Line, Pointer

Values = dict[str, Any]


def config(*paths: str, merge: tuple[str, ...] = (), replace: str = "", **ignition: Any) -> Values:
    """A config that writes files, and names others by their URLs; a file holds its own path and the first URL."""
    named: Values = {"merge": [{"source": url} for url in merge]}
    if replace:
        named["replace"] = {"source": replace}
    files = [{"path": path, "contents": {"source": "data:,"}} for path in paths]
    return {"ignition": {"version": "3.4.0", "config": named, **ignition}, "storage": {"files": files}}


def text(values: Values) -> bytes:
    return json.dumps(values).encode()


def embedded(values: Values) -> str:
    return "data:;base64," + base64.b64encode(text(values)).decode()


class Shelf:
    """Fetches from a table of URL to config, or to bytes; keeps what was asked for, and by which settings."""

    def __init__(self, configs: Mapping[str, Values | bytes]) -> None:
        self._configs = configs
        self.asked: list[str] = []
        self.settings: list[Settings] = []

    def fetch_by(self, settings: Settings) -> Shelf:
        self.settings.append(settings)
        return self

    def read(self, source: Source, limit: int = READ_LIMIT) -> bytes:
        if source.is_embedded:
            return base64.b64decode(source.url.partition(",")[2])
        self.asked.append(source.url)
        found = self._configs.get(source.url)
        if found is None:
            raise NotFound(NOT_FOUND, url=source.url, reason="404")
        return found if isinstance(found, bytes) else text(found)

    def copy_to(self, source: Source, write: Callable[[bytes], object], limit: int = COPY_LIMIT) -> int:
        raise NotImplementedError


def render(first: Values, shelf: Shelf, said: list[str] | None = None, *, offline: bool = False) -> Rendered:
    lines = [] if said is None else said
    return Renderer(shelf.fetch_by, lines.append, offline=offline).render(
        read_config(text(first), "first", lines.append)
    )


def paths(rendered: Rendered) -> list[str]:
    storage = rendered.config.storage
    return [file.path for file in storage.files] if storage else []


A, B, C = "http://a/x", "http://b/y", "http://c/z"

# the first config, those on the network, what is fetched in which order, the files in the end
AMOUNTS: dict[str, tuple[Values, dict[str, Values], list[str], list[str]]] = {
    "nothing named": (config("/1"), {}, [], ["/1"]),
    "one merged": (config("/1", merge=(A,)), {A: config("/2")}, [A], ["/1", "/2"]),
    "in order": (config(merge=(A, B)), {A: config("/2"), B: config("/3")}, [A, B], ["/2", "/3"]),
    "the deep before the next": (
        config("/1", merge=(A, B)),
        {A: config("/2", merge=(C,)), B: config("/3"), C: config("/4")},
        [A, C, B],
        ["/1", "/2", "/4", "/3"],
    ),
    "replaced": (config("/1", replace=A), {A: config("/2")}, [A], ["/2"]),
    "replaced, and merges of its own": (
        config("/1", replace=A),
        {A: config("/2", merge=(B,)), B: config("/3")},
        [A, B],
        ["/2", "/3"],
    ),
    "a replacement wins over merges": (config(merge=(B,), replace=A), {A: config("/2")}, [A], ["/2"]),
    "a merged one replaces only itself": (
        config("/1", merge=(A,)),
        {A: config("/2", replace=B), B: config("/3")},
        [A, B],
        ["/1", "/3"],
    ),
    "embedded": (config("/1", merge=(embedded(config("/2")),)), {}, [], ["/1", "/2"]),
}


@pytest.mark.parametrize(("first", "others", "asked", "files"), AMOUNTS.values(), ids=AMOUNTS)
def test_what_they_amount_to(first: Values, others: dict[str, Values], asked: list[str], files: list[str]) -> None:
    shelf = Shelf(others)
    rendered = render(first, shelf)
    assert (shelf.asked, paths(rendered)) == (asked, files)
    assert rendered.config.ignition.config is None
    assert rendered.config.ignition.version == "3.7.0-experimental"


def test_who_fetches_is_said_by_what_was_merged_until_then() -> None:
    slow, slower = {"httpTotal": 10}, {"httpTotal": 20}
    shelf = Shelf({A: config(timeouts=slower), B: config()})
    render(config(merge=(A, B), timeouts=slow), shelf)
    assert [settings.total for settings in shelf.settings[1:]] == [10, 20, 20]


# the first config, those on the network, a pointer into the result, where it came from
GIVERS: dict[str, tuple[Values, dict[str, Values], Pointer, tuple[str, Pointer]]] = {
    "itself": (config("/1"), {}, ("storage", "files", 0), ("first", ("storage", "files", 0))),
    "the parent": (
        config("/1", merge=(A,)),
        {A: config("/2")},
        ("storage", "files", 0, "mode"),
        ("first", ("storage", "files", 0, "mode")),
    ),
    "the child": (
        config("/1", merge=(A,)),
        {A: config("/2", "/3")},
        ("storage", "files", 2),
        (A, ("storage", "files", 1)),
    ),
    "a child of a child": (
        config("/1", merge=(A,)),
        {A: config("/2", merge=(B,)), B: config("/3", "/4")},
        ("storage", "files", 3, "contents"),
        (B, ("storage", "files", 1, "contents")),
    ),
    "both: the last word counts": (
        config("/1", merge=(A,)),
        {A: config("/0", "/1")},
        ("storage", "files", 0),
        (A, ("storage", "files", 1)),
    ),
    "the replacement": (
        config("/1", replace=A),
        {A: config("/2")},
        ("storage", "files", 0),
        (A, ("storage", "files", 0)),
    ),
}


@pytest.mark.parametrize(("first", "others", "pointer", "expected"), GIVERS.values(), ids=GIVERS)
def test_who_gave_it(first: Values, others: dict[str, Values], pointer: Pointer, expected: tuple[str, Pointer]) -> None:
    origins = render(first, Shelf(others)).origins
    kept = decode_origins(encode_origins(origins))
    assert kept is not None
    for found in (origins.find(pointer), kept.find(pointer)):
        assert (found.name, found.pointer) == expected
        assert len(found.digest) == 128


def test_the_origins_of_as_many_as_there_may_be() -> None:
    """They were kept within each other, deeper than Python goes: the stage `fetch` ended with a traceback."""
    first: Pointer = ("storage", "files", 0)
    origins: Origins = single(b"", "first")
    for number in range(MOST):
        givers: Transcript = {first: [Giver(PARENT, first, True)], (): [Giver(CHILD, (), True)]}
        origins = joined(origins, single(b"", str(number)), givers)
    kept = decode_origins(encode_origins(origins))
    assert kept is not None
    assert [kept.find(pointer).name for pointer in (first, ("passwd",))] == ["first", str(MOST - 1)]


@pytest.mark.parametrize("text", [b"", b"[]", b'{"type": "Joined"}', b"\xff", b"[" * 100_000])
def test_origins_that_are_none_cost_no_more_than_a_name(text: bytes) -> None:
    assert decode_origins(text) is None


# the first config, those on the network, what is raised, what it says, what the log says of who is to blame
FAULTS: dict[str, tuple[Values, dict[str, Any], type[Exception], str, str]] = {
    "not there": (config(merge=(A,)), {}, FetchFault, "resource not found", "$.ignition.config.merge.0 of first"),
    "not there, deeper": (
        config(merge=(A,)),
        {A: config(replace=B)},
        FetchFault,
        "resource not found",
        f"$.ignition.config.replace of {A}",
    ),
    "no config": (config(merge=(A,)), {A: b"{"}, BadConfig, f"config is not valid ({A})", "of first"),
    "an empty one": (config(merge=(A,)), {A: b""}, BadConfig, f"not a config (empty) ({A})", "of first"),
    "an old one": (
        config(replace=A),
        {A: {"ignition": {"version": "2.2.0"}}},
        BadConfig,
        f"unsupported config version ({A})",
        "of first",
    ),
    "itself": (
        config(merge=(A,)),
        {A: config(merge=(A,))},
        BadConfig,
        f"configs name each other more than {DEEPEST} levels deep",
        "",
    ),
}


@pytest.mark.parametrize(("first", "others", "kind", "text", "blame"), FAULTS.values(), ids=FAULTS)
def test_what_goes_wrong(first: Values, others: dict[str, Any], kind: type[Exception], text: str, blame: str) -> None:
    said: list[str] = []
    with pytest.raises((EngineFault, FetchFault)) as caught:
        render(first, Shelf(others), said)
    assert isinstance(caught.value, kind)
    assert text in str(caught.value)
    assert blame in "\n".join(said)


def test_there_is_a_bound_to_how_many() -> None:
    fan = config(merge=tuple(f"http://a/{number}" for number in range(40)))
    shelf = Shelf({f"http://a/{number}": fan for number in range(40)})
    with pytest.raises(BadConfig, match="levels deep"):
        render(fan, shelf)
    leaves = {f"http://b/{number}": config() for number in range(40)}
    middle = {f"http://a/{number}": config(merge=tuple(leaves)) for number in range(40)}
    with pytest.raises(BadConfig, match="more than 1000 configs are named by each other"):
        render(fan, Shelf(middle | leaves))


def test_offline_only_what_is_embedded_is_read() -> None:
    shelf = Shelf({A: config()})
    assert paths(render(config(merge=(embedded(config("/2")),)), shelf, offline=True)) == ["/2"]
    with pytest.raises(NeedsNetwork, match="resource requires networking: http://a/x"):
        render(config(merge=(embedded(config(merge=(A,))),)), shelf, offline=True)
    assert shelf.asked == []


def test_findings_come_at_their_levels() -> None:
    said: list[str] = []
    unit = {"name": "a.service", "enabled": True, "contents": "[Service]\n"}
    render({"ignition": {"version": "3.4.0"}, "systemd": {"units": [unit]}}, Shelf({}), said)
    assert [line.level for line in said if isinstance(line, Line)] == [Level.WARNING]
