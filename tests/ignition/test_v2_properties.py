"""Ignition 2 to 3 and back keeps what both can say, and nothing that a person wrote brings a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.ignition.encode import encode
from stoker.ignition.parse import parse
from stoker.ignition.tidy import tidy
from stoker.ignition.versions import TARGETS, find_target, to_version
from stoker.schema.specs import IGNITION, IGNITION_2, NEWEST_2
from tests.ignition.test_v2_keys import OUTCOMES, put

Data = dict[str, Any]

MOUNTS = {"root": "/", "/var": "/var", "/srv/data": "/srv/data"}

words = st.text("abcz09", min_size=1, max_size=4)
sources = st.sampled_from(["", "data:,x", "https://h/%41?b=c", "tftp://h/a", "s3://b/k"])
verification = st.sampled_from([{}, {"hash": "sha512-" + "a" * 128}])
owners = st.sampled_from([{"id": 0}, {"id": 7}, {"name": "core"}])
headers = st.sampled_from(
    [[], [{"name": "A", "value": "b"}], [{"name": "A", "value": "b"}, {"name": "B", "value": "c"}]]
)


def some(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def references(draw: st.DrawFn) -> list[Data]:
    urls = draw(st.lists(words, unique=True, max_size=3))
    return [
        {"source": f"https://h/{url}", "verification": draw(verification), "httpHeaders": draw(headers)} for url in urls
    ]


@st.composite
def nodes(draw: st.DrawFn, kind: str, **fields: st.SearchStrategy[Any]) -> list[Data]:
    """Nodes whose paths no other kind has, each in one of the file systems."""
    names = draw(st.lists(words, unique=True, max_size=3))
    rows = some({"filesystem": st.sampled_from(list(MOUNTS))}, user=owners, group=owners, **fields)
    return [draw(rows) | {"path": f"/{kind}/{name}"} for name in names]


@st.composite
def named(draw: st.DrawFn, suffix: str, **fields: st.SearchStrategy[Any]) -> list[Data]:
    names = draw(st.lists(words, unique=True, max_size=3))
    return [draw(some({}, **fields)) | {"name": name + suffix} for name in names]


@st.composite
def files(draw: st.DrawFn) -> list[Data]:
    contents = some({}, source=sources, compression=st.just("gzip"), verification=verification)
    rows = draw(nodes("f", contents=contents, mode=st.integers(0, 0o777), overwrite=st.booleans()))
    for row in rows:
        if row.get("overwrite") is not True and draw(st.booleans()):
            row |= {"append": True, "overwrite": False}
        source = row.get("contents", {}).get("source", "")
        if source.startswith("https:"):
            row["contents"]["httpHeaders"] = draw(headers)
    return rows


FILESYSTEMS = [
    {"name": "/var", "mount": {"device": "/dev/a", "format": "ext4", "label": "v", "options": ["-x"]}},
    {"name": "/srv/data", "mount": {"device": "/dev/b", "format": "xfs", "uuid": "1", "wipeFilesystem": True}},
]

configs = some(
    {
        "ignition": some(
            {"version": st.just("2.4.0")},
            config=some({}, append=references(), replace=references().filter(bool).map(lambda found: found[0])),
            security=some({}, tls=some({}, certificateAuthorities=references())),
            timeouts=some({}, httpResponseHeaders=st.integers(0, 9), httpTotal=st.integers(0, 9)),
            proxy=some({}, httpProxy=st.just("http://p"), noProxy=st.lists(words, unique=True, max_size=2)),
        )
    },
    passwd=some(
        {},
        users=named("", uid=st.integers(0, 9), shell=st.just("/s"), system=st.booleans(), passwordHash=st.just("")),
        groups=named("", gid=st.integers(0, 9), system=st.booleans(), passwordHash=st.just("x")),
    ),
    storage=some(
        {"filesystems": st.just(FILESYSTEMS), "files": files()},
        directories=nodes("d", mode=st.integers(0, 0o777), overwrite=st.booleans()),
        links=nodes("l", hard=st.booleans(), target=st.just("t"), overwrite=st.booleans()).map(
            lambda rows: [{"target": "u"} | row for row in rows]
        ),
        disks=st.just(
            [{"device": "/dev/c", "wipeTable": True, "partitions": [{"number": 1, "sizeMiB": 9, "label": "p"}]}]
        ),
        raid=st.just([{"name": "r", "level": "raid1", "devices": ["/dev/x", "/dev/y"], "spares": 1}]),
    ),
    systemd=some(
        {},
        units=named(
            ".service",
            enabled=st.booleans(),
            mask=st.booleans(),
            contents=st.just("[Unit]\n"),
            dropins=named(".conf", contents=st.just("[Unit]\n")),
        ),
    ),
)


def bring(data: bytes, version: str) -> bytes:
    """The config in another version, from text to text."""
    target = find_target(version)
    assert target is not None
    parsed = parse(data)
    config, report = to_version(parsed, target, MOUNTS)
    assert config is not None, [*parsed.report, *report]
    assert not report.has_errors, list(report)
    return encode(tidy(config, target) if target.family == "v2" else config)


@settings(deadline=None, max_examples=150)
@given(configs, st.sampled_from(["3.1", "3.2", "3.3", "3.4", "3.5", "3.6"]))
def test_there_and_back(config: Data, version: str) -> None:
    storage = config.get("storage", {})
    for file in storage.get("files", []):
        file.setdefault("overwrite", True)
    for node in [*storage.get("files", []), *storage.get("directories", [])]:
        node.setdefault("mode", 0)  # none at all means another one in each
    there = bring(json.dumps(config).encode(), version)
    back = bring(there, "2.4")
    original = parse(json.dumps(config).encode()).old
    assert original is not None
    assert json.loads(back) == json.loads(encode(tidy(original, NEWEST_2)))
    assert json.loads(bring(back, version)) == json.loads(there)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1 << 33) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "path", "x"]), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("spec", IGNITION_2, ids=str)
@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(list(OUTCOMES)), ANYTHING, max_size=4), st.sampled_from([*TARGETS, IGNITION[0]]))
def test_anything_ends_in_a_report(spec: Any, values: Data, target: Any) -> None:
    data: Data = {"ignition": {"version": spec.version}}
    for key, value in values.items():
        if key != "ignition.version":
            put_where_it_fits(data, key, value)
    parsed = parse(json.dumps(data).encode())
    config, report = to_version(parsed, target, MOUNTS, dedupe=True)
    assert (parsed.old is None) == (parsed.error is not None)
    if parsed.old is not None:
        assert config is not None or report.has_errors
        assert all(entry.place is not None for entry in report)


def put_where_it_fits(data: Data, key: str, value: Any) -> None:
    try:
        put(data, key, value)
    except (IndexError, TypeError, KeyError):
        data[key] = value
