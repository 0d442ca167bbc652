"""Hardware addresses and labels, as Matchbox reads them."""

from __future__ import annotations

import pytest

from stoker.machines import Identity, identify, normalise_labels, parse_mac, parse_name

MAC = "52:54:00:a1:9c:ae"
ADDRESSES = [
    ("52:54:00:a1:9c:ae", MAC),
    ("52-54-00-A1-9C-AE", MAC),
    ("5254.00a1.9cae", MAC),
    ("525400a19cae", MAC),
    ("02:00:5e:10:00:00:00:01", "02:00:5e:10:00:00:00:01"),
    ("0200.5e10.0000.0001", "02:00:5e:10:00:00:00:01"),
    (":".join(["0a"] * 20), ":".join(["0a"] * 20)),
    ("52:54:00:a1:9c", None),
    ("52:54:00-a1:9c:ae", None),
    ("2:54:00:a1:9c:ae", None),
    ("52:54:00:a1:9c:ag", None),
    (" 52:54:00:a1:9c:ae", None),
    ("52:54:00:a1:9c:ae\n", None),
    ("5254.00a1.9ca", None),
    ("", None),
]
LABELS = [
    ({"mac": ["52-54-00-A1-9C-AE", "x"]}, {"mac": MAC}),
    ({"MAC": ["525400a19cae"]}, {"MAC": MAC}),
    ({"mac": ["nonsense"], "a": ["1", "2"]}, {"a": "1"}),
    ({"UUID": ["ABC"], "": [""]}, {"UUID": "ABC", "": ""}),
]
UUID = "4c4c4544-0042-3510-8054-b7c04f4d3332"
IDENTITIES = [
    ({"uuid": UUID.upper(), "mac": MAC}, Identity(UUID, MAC)),
    ({"mac": MAC}, Identity("", MAC)),
    ({"uuid": UUID}, Identity(UUID, "")),
    ({"uuid": "00000000-0000-0000-0000-000000000000", "mac": MAC}, Identity("", MAC)),
    ({"uuid": "03000200-0400-0500-0006-000700080009"}, Identity()),
    ({"uuid": "${uuid}", "mac": ""}, Identity()),
    ({}, Identity()),
]


@pytest.mark.parametrize("text, expected", ADDRESSES, ids=[repr(text) for text, _ in ADDRESSES])
def test_address(text: str, expected: str | None) -> None:
    assert parse_mac(text) == expected


@pytest.mark.parametrize("values, expected", LABELS, ids=[str(values) for values, _ in LABELS])
def test_labels(values: dict[str, list[str]], expected: dict[str, str]) -> None:
    assert normalise_labels(values) == expected


@pytest.mark.parametrize("labels, expected", IDENTITIES, ids=[str(labels) for labels, _ in IDENTITIES])
def test_identity(labels: dict[str, str], expected: Identity) -> None:
    assert identify(labels) == expected


def test_a_name_is_a_uuid_or_an_address() -> None:
    assert parse_name("525400A19CAE") == Identity("", MAC)
    assert parse_name(UUID) == Identity(UUID, "")
    assert parse_name("web-1") == Identity()
