"""Groups and profiles as files: Go's JSON, byte for byte, and nothing of what they say is lost."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.machines import Boot, Group, Profile
from stoker.machines.documents import read_group, read_metadata, read_profile
from stoker.machines.writing import format_number, write_group, write_metadata, write_profile
from stoker.store import Item

GOLDEN = Path(__file__).parent / "golden"

METADATA = {
    "z": {"b": 1.5, "a": True, "empty": {}},
    "text": '<a href="x">&\u2028\u2029\b\f\x7f\x01\n\té\U0001f600\ud800',
    "list": [1.0, None, False, [], ["x"]],
    "M": 1e6,
    "Ä": "key",
}
FILES = {
    "group": write_group(Group("g", "p", {"mac": "52:54:00:A1:9C:AE", "Region": "<x>"}, METADATA, "g", "a & b")),
    "group-bare": write_group(Group("g", "p", id="g")),
    "profile": write_profile(Profile("p", "p", "name", Boot("k", ("i", "j"), ("a=<b>",)), "i.yaml", "c", "g")),
    "profile-bare": write_profile(Profile("p", "p")),
    "profile-empty-boot": write_profile(Profile("p", "p", boot=Boot())),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_written_as_matchbox_writes_it(name: str) -> None:
    assert FILES[name].decode() == (GOLDEN / f"{name}.json").read_bytes().decode()


NUMBERS = [
    (0.0, "0"),
    (-0.0, "-0"),
    (1e6, "1000000"),
    (0.1, "0.1"),
    (-12.5, "-12.5"),
    (1e20, "100000000000000000000"),
    (1e21, "1e+21"),
    (1.5e22, "1.5e+22"),
    (1e-6, "0.000001"),
    (1e-7, "1e-7"),
    (1.25e-10, "1.25e-10"),
    (12345678901234567890.0, "12345678901234567000"),
    (5e-324, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
]


@pytest.mark.parametrize(("value", "text"), NUMBERS, ids=[text for _, text in NUMBERS])
def test_digits_are_those_of_go(value: float, text: str) -> None:
    assert format_number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(derandomize=True)
def test_digits_read_back_the_same(value: float) -> None:
    back = float(format_number(value))
    assert (back, math.copysign(1, back)) == (value, math.copysign(1, value))


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DATA = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(st.dictionaries(TEXT, DATA), st.dictionaries(TEXT, TEXT).filter(lambda each: "mac" not in map(str.lower, each)))
@settings(derandomize=True)
def test_a_group_reads_back_the_same(metadata: dict[str, Any], selector: dict[str, str]) -> None:
    group = Group("g", "p", selector, metadata, "g", "name")
    text = write_group(group)
    again, report = read_group("g", Item("groups/g.json", text, "", "g.json"))
    assert (again, report.has_errors) == (group, False)
    assert json.loads(write_metadata(metadata), parse_int=float) == metadata
    assert not set(text) & {ord(each) for each in "<>&"}


@given(TEXT, st.none() | st.builds(Boot, TEXT, st.lists(TEXT).map(tuple), st.lists(TEXT).map(tuple)))
@settings(derandomize=True)
def test_a_profile_reads_back_the_same(name: str, boot: Boot | None) -> None:
    profile = Profile("p", "p", name, boot, name, name, name)
    again, report = read_profile("p", Item("profiles/p.json", write_profile(profile), "", "p.json"))
    assert (again, report.has_errors) == (profile, False)


SENT = {
    "{}": "",
    "null": "",
    '{"a": {"B": 1}}': "",
    "[]": "json: cannot unmarshal array into Go value of type map[string]interface {}",
    "1": "json: cannot unmarshal number into Go value of type map[string]interface {}",
    '"a"': "json: cannot unmarshal string into Go value of type map[string]interface {}",
    "true": "json: cannot unmarshal bool into Go value of type map[string]interface {}",
    "": "unexpected end of JSON input",
    " ": "unexpected end of JSON input",
    '{"a":': "unexpected end of JSON input",
    "x": "invalid character 'x' looking for beginning of value",
    "{} x": "invalid character 'x' after top-level value",
    "{a": "invalid character 'a' looking for beginning of object key string",
    '{"a" 1': "invalid character '1' after object key",
    "[" * 100_000: "json: nested too deeply",
    '{"a": 1e999}': "json: number `1e999` is out of range",
    '{"a": NaN}': "json: `NaN` is not JSON",
}


@pytest.mark.parametrize(("text", "reason"), SENT.items(), ids=[text[:20] for text in SENT])
def test_metadata_that_is_sent(text: str, reason: str) -> None:
    data, words = read_metadata(text.encode())
    assert words == reason
    assert data == ({"a": {"B": 1.0}} if "B" in text else {})


def test_metadata_too_deep_to_write_is_a_fault() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(RecursionError):
        write_metadata(deep)
    while deep:  # undone by hand: to let go of it all at once is too deep as well
        deep = deep.pop("a")
