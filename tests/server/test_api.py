"""Machines and their timelines over `/api/v1/`, and assets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stoker.http import FilePart
from tests.server.conftest import MAC, Client

EVENTS = f"/api/v1/machines/{MAC}/events"


def test_nobody_was_seen(client: Client) -> None:
    assert client.json("/api/v1/machines") == {"machines": [], "total": 0}
    assert client.ask(EVENTS).status == 404


def test_machines_are_listed(client: Client) -> None:
    client.ask("/ipxe?mac=52-54-00-a1-9c-ae&uuid=&serial=7")
    (machine,) = client.json("/api/v1/machines")["machines"]
    assert machine.pop("first_seen") == machine.pop("last_seen") == machine.pop("since") > 0
    assert machine == {
        "name": MAC,
        "state": "provisioning",
        "macs": [MAC],
        "group": "node",
        "profile": "p",
        "labels": {"mac": MAC, "uuid": "", "serial": "7"},
        "events": 3,
    }


def post(client: Client, body: Any, target: str = EVENTS) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.ask(target, method="POST", body=data)
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)["detail"] if response.body else ""


def test_a_machine_adds_to_its_timeline(client: Client) -> None:
    one = {"stage": "files", "text": "wrote /etc/hostname", "pointer": ["storage", "files", 0], "milliseconds": 1.5}
    assert post(client, one) == (204, "")
    more = [{"at": 5.0, "stage": "up", "text": "a", "machine": "x"}, {"stage": "up", "text": "b", "outcome": "failed"}]
    assert post(client, more, "/api/v1/machines/52-54-00-A1-9C-AE/events") == (204, "")
    answer = client.json(EVENTS)
    assert answer["machine"] == MAC
    reported = [event for event in answer["events"] if event["stage"] not in {"identity", "state"}]
    own = [{key: value for key, value in event.items() if value and key != "at"} for event in reported]
    assert own == [
        {"machine": MAC, **one},
        {"machine": MAC, "stage": "up", "text": "a"},
        {"machine": MAC, "stage": "up", "text": "b", "outcome": "failed"},
    ]
    assert reported[1]["at"] == 5.0
    assert reported[0]["at"] > 5.0


REFUSED = [
    (b"", "Input data was truncated"),
    (b"[" * 100_000, ""),
    (b"\xff", ""),
    ({"stage": "a"}, "Object missing required field `text`"),
    ({"stage": "", "text": "a"}, "Expected `str` of length >= 1 - at `$.stage`"),
    ({"stage": 1, "text": "a"}, "Expected `str`, got `int` - at `$.stage`"),
    ({"stage": "a", "text": "b" * 2001}, "Expected `str` of length <= 2000 - at `$.text`"),
    ({"stage": "a", "text": "b", "pointer": ["c"] * 33}, "Expected `array` of length <= 32 - at `$.pointer`"),
    ([{"stage": "a", "text": "b"}] * 101, "Expected `array` of length <= 100"),
    ("text", "Expected `object | array`, got `str`"),
]


@pytest.mark.parametrize("body, reason", REFUSED, ids=[str(row[0])[:40] for row in REFUSED])
def test_what_is_no_event_is_refused(client: Client, body: object, reason: str) -> None:
    status, detail = post(client, body)
    assert status == 400
    assert detail.startswith("not an event or a list of at most 100 events: ")
    assert reason in detail
    assert client.json("/api/v1/machines")["machines"] == []


def test_a_name_that_is_none_is_refused(client: Client) -> None:
    status, detail = post(client, {"stage": "a", "text": "b"}, "/api/v1/machines/web/events")
    assert (status, detail) == (404, "no machine `web`; a machine is named by its UUID or one of its addresses")


def asset(client: Client, name: str, **headers: str) -> tuple[int, dict[str, str], tuple[int, int] | bytes]:
    response = client.ask(f"/assets/{name}", **headers)
    body = response.body
    return response.status, dict(response.headers), (body.start, body.size) if isinstance(body, FilePart) else body


def test_an_asset_whole_in_part_and_known(client: Client) -> None:
    status, headers, part = asset(client, "kernel")
    assert (status, headers["content-type"], part) == (200, "application/octet-stream", (0, 10))
    assert asset(client, "sub/notes.txt")[1]["content-type"] == "text/plain; charset=utf-8"
    status, headers, part = asset(client, "kernel", range="bytes=2-4")
    assert (status, headers["content-range"], part) == (206, "bytes 2-4/10", (2, 3))
    status, headers, _ = asset(client, "kernel", range="bytes=10-")
    assert (status, headers["content-range"]) == (416, "bytes */10")
    assert asset(client, "kernel", if_none_match=headers.get("etag", asset(client, "kernel")[1]["etag"]))[0] == 304


OUTSIDE = [
    "../data/groups/node.json",
    "..%2fdata/groups/node.json",
    "sub/../../data/groups/node.json",
    "out",
    "sub",
    "",
    "a%00b",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_asset_is_outside_of_its_directory(client: Client, name: str) -> None:
    (client.root / "assets" / "out").symlink_to("../data/groups/node.json")
    assert asset(client, name)[0] == 404
