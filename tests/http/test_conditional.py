"""Entity tags and ranges."""

from __future__ import annotations

import pytest

from stoker.http import RangeError, entity_tag, is_fresh, parse_range, refused_precondition

TAG = '"abc"'
RANGES = [
    ({}, None),
    ({"range": "bytes=0-3"}, (0, 4)),
    ({"range": "bytes=2-"}, (2, 8)),
    ({"range": "bytes=-3"}, (7, 3)),
    ({"range": "bytes=-30"}, (0, 10)),
    ({"range": "bytes=4-400"}, (4, 6)),
    ({"range": "bytes=9-9"}, (9, 1)),
    ({"range": "bytes=0-1,3-4"}, None),
    ({"range": "lines=0-1"}, None),
    ({"range": "bytes=0-3", "if-range": TAG}, (0, 4)),
    ({"range": "bytes=0-3", "if-range": '"old"'}, None),
]
REFUSED = [
    ("bytes=10-", "invalid range: failed to overlap"),
    ("bytes=-0", "invalid range: failed to overlap"),
    ("bytes=5-2", "invalid range"),
    ("bytes=-", "invalid range"),
    ("bytes=a-b", "invalid range"),
]


@pytest.mark.parametrize("headers, expected", RANGES, ids=[str(row[0]) for row in RANGES])
def test_range(headers: dict[str, str], expected: tuple[int, int] | None) -> None:
    assert parse_range(headers, 10, TAG) == expected


@pytest.mark.parametrize("asked, expected", REFUSED, ids=[row[0] for row in REFUSED])
def test_a_range_without_a_byte_is_refused(asked: str, expected: str) -> None:
    with pytest.raises(RangeError, match=expected):
        parse_range({"range": asked}, 10, TAG)


@pytest.mark.parametrize(
    "wanted, expected",
    [("", False), (TAG, True), ("W/" + TAG, True), ("*", True), ('"x", "abc"', True), ('"x"', False), ("abc", False)],
)
def test_fresh(wanted: str, expected: bool) -> None:
    assert is_fresh({"if-none-match": wanted}, TAG) is expected


def test_a_tag_follows_the_bytes() -> None:
    assert entity_tag(b"a") == entity_tag(b"a") != entity_tag(b"b")


PRECONDITIONS = [
    ({}, TAG, False, None),
    ({}, TAG, True, 428),
    ({}, None, True, None),
    ({"if-match": TAG}, TAG, True, None),
    ({"if-match": '"old", "abc"'}, TAG, True, None),
    ({"if-match": "*"}, TAG, True, None),
    ({"if-match": "*"}, None, True, 412),
    ({"if-match": '"old"'}, TAG, False, 412),
    ({"if-match": TAG}, None, False, 412),
    ({"if-match": "W/" + TAG}, TAG, False, 412),
    ({"if-match": ""}, TAG, False, 412),
    ({"if-none-match": "*"}, None, True, None),
    ({"if-none-match": "*"}, TAG, True, 412),
    ({"if-none-match": '"old"'}, TAG, True, None),
]


@pytest.mark.parametrize("headers, tag, is_required, expected", PRECONDITIONS)
def test_a_change_is_made_to_the_version_that_was_seen(
    headers: dict[str, str], tag: str | None, is_required: bool, expected: int | None
) -> None:
    assert refused_precondition(headers, tag, is_required=is_required) == expected
