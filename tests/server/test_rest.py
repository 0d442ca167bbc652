"""The API as its clients use it, each answer held against the schema that the API's document gives for it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from stoker.http import Response
from stoker.server.roles import Role, add_token
from stoker.server.routes import ROUTES, TABLE
from tests.server.conftest import MAC, Client, until

GROUP = {"profile": "p", "selector": {"mac": "52:54:00:00:00:09"}}
MACHINES = "/api/v1/machines"


class Api:
    """Asks as an operator, and holds what is answered against the document."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.document = client.json("/api/v1/openapi.json")
        self.seen: set[tuple[str, str]] = set()

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.client.ask(target, method, data, **headers)
        found = json.loads(response.body) if response.body and is_json(response) else response.body
        self.check(method, target.partition("?")[0], response, found)
        return response.status, found, dict(response.headers)

    def check(self, method: str, path: str, response: Response, found: Any) -> None:
        match = TABLE.find(method, path)
        operation = self.document["paths"][match.pattern.replace("...}", "}")][method.lower()]
        said = operation["responses"].get(str(response.status)) or operation["responses"]["default"]
        content = said.get("content", {})
        if response.status == 304 or (response.status == 204 and not content):
            assert response.body == b""
            return
        media = dict(response.headers)["content-type"].partition(";")[0]
        schema = next(each["schema"] for name, each in content.items() if name.partition(";")[0] == media)
        shown = found if is_json(response) and schema != {"type": "string"} else ""
        jsonschema.validate(shown, {**schema, "components": self.document["components"]})


def is_json(response: Response) -> bool:
    return "json" in dict(response.headers).get("content-type", "")


@pytest.fixture
def api(client: Client) -> Api:
    return Api(client)


def test_the_document_is_valid_and_has_every_route(api: Api) -> None:
    validate(api.document)
    told = {(method.upper(), path) for path, methods in api.document["paths"].items() for method in methods}
    served = {
        (method, route.pattern.replace("...}", "}"))
        for route in ROUTES
        for method in route.methods
        if route.pattern.startswith("/api/") or route.pattern in {"/healthz", "/readyz", "/metrics"}
    }
    assert told == served


PLAIN = ["/healthz", "/readyz", "/metrics", "/api/v1/version", "/api/v1/findings", "/api/v1/audit", MACHINES]


@pytest.mark.parametrize("target", PLAIN)
def test_what_is_asked_for_by_everybody(api: Api, target: str) -> None:
    assert api.ask("GET", target)[0] == 200


def test_a_group_is_put_read_changed_and_taken_away(api: Api) -> None:
    path = "/api/v1/groups/new"
    assert api.ask("GET", path)[0] == 404
    status, written, headers = api.ask("PUT", path, GROUP)
    assert (status, written["name"], headers["etag"]) == (201, "new", f'"{written["revision"]}"')
    assert api.client.ask("/ipxe?mac=52-54-00-00-00-09").status == 200
    status, text, headers = api.ask("GET", path)
    assert (status, text, headers["etag"]) == (200, GROUP, f'"{written["revision"]}"')
    assert api.ask("GET", path, if_none_match=headers["etag"])[0] == 304
    changed = GROUP | {"profile": "raw"}
    assert api.ask("PUT", path, changed)[0] == 428
    assert api.ask("PUT", path, changed, if_match='"old"')[0] == 412
    assert api.ask("PUT", path, changed, if_none_match="*")[0] == 412
    status, _, after = api.ask("PUT", path, changed, if_match=headers["etag"])
    assert (status, after["etag"] != headers["etag"]) == (200, True)
    assert api.ask("DELETE", path)[0] == 428
    assert api.ask("DELETE", path, if_match=headers["etag"])[0] == 412
    assert api.ask("DELETE", path, if_match=after["etag"])[0] == 204
    assert api.ask("GET", path)[0] == 404
    assert api.client.ask("/ipxe?mac=52-54-00-00-00-09").status == 404
    until(lambda: len(api.client.json("/api/v1/audit")["entries"]) == 3)
    audit = api.client.json("/api/v1/audit")["entries"]
    assert [(entry["who"], entry["what"], entry["subject"], entry["client"], entry["request"]) for entry in audit] == [
        ("operator:alice", "delete", "groups/new.json", "192.0.2.1:999", "r1"),
        ("operator:alice", "put", "groups/new.json", "192.0.2.1:999", "r1"),
        ("operator:alice", "put", "groups/new.json", "192.0.2.1:999", "r1"),
    ]


REFUSED = [
    ("/api/v1/groups/new", b"{", 422, "group `new` is not put: it has 1 errors"),
    ("/api/v1/groups/new", b'{"selector": {"mac": "x"}}', 422, "group `new` is not put: it has 1 errors"),
    ("/api/v1/profiles/new", b"{}", 422, "profile `new` is not put: it has 1 errors"),
    ("/api/v1/labels/new", b"{}", 422, "labels `new` is not put: it has 1 errors"),
    ("/api/v1/templates/ignition/a.bu", b"{{if}}", 422, "template `ignition/a.bu` is not put: it has 1 errors"),
    ("/api/v1/templates/ignition/a.ign", b"{}", 422, "template `ignition/a.ign` is not put: it has 1 errors"),
    ("/api/v1/templates/groups/a.json", b"{}", 400, "key '' has 1 parts"),
    ("/api/v1/groups/..%2F..%2Fa", b"{}", 400, "key 'groups/../../a.json' has the part '..'"),
    ("/api/v1/groups/a%00", b"{}", 400, "key 'groups/a\\x00.json' has a NUL in it"),
]


@pytest.mark.parametrize("path, body, status, detail", REFUSED, ids=[f"{row[0]} {row[1]!r}" for row in REFUSED])
def test_what_is_broken_is_not_put(api: Api, path: str, body: bytes, status: int, detail: str) -> None:
    found, problem, _ = api.ask("PUT", path, body)
    assert found == status
    assert problem["detail"].startswith(detail)
    assert api.client.json("/api/v1/audit")["entries"] == []


@pytest.mark.parametrize("precondition", [{}, {"if_none_match": "*"}, {"if_match": '"old"'}], ids=str)
def test_what_is_put_again_as_it_is_was_put(api: Api, precondition: dict[str, str]) -> None:
    """Who was not answered asks again, and names what there was before."""
    path = "/api/v1/groups/new"
    first = api.ask("PUT", path, b'{"id": "new"}')
    again = api.ask("PUT", path, b'{"id": "new"}', **precondition)
    assert (first[0], again[0]) == (201, 200)
    assert again[2]["etag"] == first[2]["etag"]
    assert [json.loads(each)["what"] for each in api.client.site.keeper.audits()] in ([], ["put"])  # as told till now


@pytest.mark.parametrize("kind", ["groups", "profiles", "labels", "templates"])
def test_all_files_of_a_kind(api: Api, kind: str) -> None:
    names = [file["name"] for file in api.ask("GET", f"/api/v1/{kind}")[1]["files"]]
    assert (
        names
        == {
            "groups": ["bad", "node", "raw"],
            "profiles": ["bad", "p", "raw"],
            "labels": [],
            "templates": ["ignition/bad.bu", "ignition/node.bu", "ignition/raw.ign"],
        }[kind]
    )


def test_a_template_is_text(api: Api) -> None:
    path = "/api/v1/templates/generic/deep/motd"
    assert api.ask("PUT", path, b"hello {{.name}}\n")[0] == 201
    status, text, headers = api.ask("GET", path)
    assert (status, text, headers["content-type"]) == (200, b"hello {{.name}}\n", "text/plain; charset=utf-8")


def see(api: Api, mac: str, stage: str = "ipxe") -> None:
    api.client.ask(f"/{stage}?mac={mac}&rack=r{mac[-1]}")


def test_machines_are_found_page_by_page(api: Api) -> None:
    macs = [f"52:54:00:00:00:{number:02x}" for number in range(5)]
    for mac in macs:
        see(api, mac)
    names: list[str] = []
    after = ""
    while True:
        _, page, _ = api.ask("GET", f"{MACHINES}?limit=2&after={after}")
        names += [machine["name"] for machine in page["machines"]]
        after = page.get("next", "")
        assert page["total"] == 5
        if not after:
            break
    assert names == macs
    filters = {
        "label=rack%3Dr3": [macs[3]],
        "label=rack%3Dr3&label=rack%3Dr4": [],
        "text=R3": [macs[3]],
        "text=00:04": [macs[4]],
        "state=discovered": macs,
        "state=up": [],
    }
    for query, expected in filters.items():
        found = [machine["name"] for machine in api.ask("GET", f"{MACHINES}?{query}")[1]["machines"]]
        assert found == expected, query


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=x", "limit=1001", "text=" + "a" * 257])
def test_a_query_that_is_none_is_refused(api: Api, query: str) -> None:
    status, problem, _ = api.ask("GET", f"{MACHINES}?{query}")
    assert status == 400
    assert problem["detail"].startswith("the query is not understood: ")


def test_orders(api: Api) -> None:
    api.client.ask(f"/ipxe?mac={MAC}")
    one, actions = f"{MACHINES}/{MAC}", f"{MACHINES}/{MAC}/actions"
    status, machine, headers = api.ask("GET", one)
    assert (status, machine["state"], api.ask("GET", one, if_none_match=headers["etag"])[0]) == (
        200,
        "provisioning",
        304,
    )
    status, machine, _ = api.ask("POST", actions, {"action": "reprovision"})
    assert (status, machine["is_armed"]) == (200, True)
    assert api.ask("POST", actions, {"action": "retire"}, if_match=headers["etag"])[0] == 412
    status, problem, _ = api.ask("POST", actions, {"action": "forget"})
    assert (status, problem["detail"]) == (409, "it is in use; retire it first")
    assert api.ask("POST", actions, {"action": "retire"})[1]["state"] == "retired"
    assert api.ask("POST", actions, {"action": "forget"})[0] == 204
    assert api.ask("GET", one)[0] == 404
    assert api.ask("POST", actions, {"action": "retire"})[0] == 404
    until(lambda: len(api.client.json("/api/v1/audit")["entries"]) == 3)
    audit = [(entry["what"], entry["subject"]) for entry in api.client.json("/api/v1/audit?limit=2")["entries"]]
    assert audit == [("forget", MAC), ("retire", MAC)]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"action": "explode"}', b"[]"])
def test_an_order_that_is_none_is_refused(api: Api, body: bytes) -> None:
    api.client.ask(f"/ipxe?mac={MAC}")
    status, problem, _ = api.ask("POST", f"{MACHINES}/{MAC}/actions", body)
    assert (status, problem["detail"].startswith("not an order: ")) == (400, True)


def test_what_a_machine_reports_and_was_sent(api: Api) -> None:
    path = f"{MACHINES}/{MAC}"
    assert api.ask("POST", f"{path}/events", [{"stage": "up", "text": "well"}])[0] == 204
    assert api.ask("GET", f"{path}/events")[1]["events"][1]["text"] == "well"
    assert api.ask("GET", f"{path}/receipts")[1] == {"machine": MAC, "receipts": []}


def test_why_a_machine_gets_what_it_gets(api: Api) -> None:
    _, found, _ = api.ask("GET", f"/api/v1/match?mac={MAC}")
    assert (found["explanation"]["group"], found["explanation"]["profile"]) == ("node", "p")
    _, found, _ = api.ask("GET", "/api/v1/match?mac=52-54-00-00-00-07")
    assert found["explanation"]["group"] == ""
    assert "machines-no-match" in [each["code"] for each in found["findings"]]


def test_a_stream_is_answered_as_one(api: Api) -> None:
    status, _, headers = api.ask("GET", "/api/v1/events")
    assert (status, headers["content-type"], headers["cache-control"]) == (200, "text/event-stream", "no-store")
    assert api.ask("GET", "/api/v1/events?last_id=" + "a" * 41)[0] == 400


WRONG_METHODS = [
    ("POST", MACHINES, "GET, HEAD"),
    ("GET", f"{MACHINES}/{MAC}/actions", "POST"),
    ("DELETE", f"{MACHINES}/{MAC}/events", "GET, HEAD, POST"),
    ("POST", "/api/v1/groups/a", "DELETE, GET, HEAD, PUT"),
]


@pytest.mark.parametrize("method, path, allowed", WRONG_METHODS)
def test_a_wrong_method_is_told_the_right_ones(client: Client, method: str, path: str, allowed: str) -> None:
    response = client.ask(path, method)
    assert (response.status, dict(response.headers)["allow"]) == (405, allowed)
    assert dict(response.headers)["content-type"] == "application/problem+json"


def test_who_shows_no_token_sees_states_alone(client: Client) -> None:
    client.ask(f"/ipxe?mac={MAC}")
    response = client.ask(MACHINES, authorization="")
    assert isinstance(response.body, bytes)
    (machine,) = json.loads(response.body)["machines"]
    assert sorted(machine) == ["first_seen", "last_seen", "name", "since", "state"]
    assert client.ask(f"{MACHINES}?text=a", authorization="").status == 403
    refused = client.ask(f"{MACHINES}/{MAC}", authorization="")
    assert (refused.status, dict(refused.headers)["www-authenticate"]) == (401, 'Bearer realm="stoker"')
    assert client.ask(MACHINES, authorization="Bearer wrong").status == 401


def test_a_machine_speaks_for_itself_and_for_no_other(client: Client) -> None:
    own = {"authorization": f"Bearer {add_token(client.root / 'tokens', Role.MACHINE, MAC)}"}
    client.site.face.tokens._look_again = 0.0  # type: ignore[attr-defined]  # a second is over
    event = b'{"stage": "up", "text": "well"}'
    assert client.ask(f"{MACHINES}/{MAC}/events", "POST", event, **own).status == 204
    assert client.ask(f"{MACHINES}/{MAC}/events", **own).status == 200
    assert client.ask(f"{MACHINES}/{MAC}/events", "POST", event, authorization="").status == 401
    assert client.ask(f"{MACHINES}/52-54-00-00-00-01/events", "POST", event, authorization="").status == 204
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/events")):
        assert client.ask(f"{MACHINES}/52-54-00-00-00-01{path}", method, event, **own).status == 403
    assert client.ask("/api/v1/groups", **own).status == 403


def test_inventories_quarantine_and_holds_are_as_the_document_says(api: Api) -> None:
    path = f"{MACHINES}/{MAC}"
    assert api.ask("PUT", f"{path}/inventory", {"memory": 1, "disks": [{"name": "/dev/sda", "size": 2}]})[0] == 204
    assert api.ask("PUT", f"{path}/inventory", {"disks": 1})[0] == 422
    assert api.ask("GET", path)[1]["inventory"] == {"memory": 1, "disks": [{"name": "/dev/sda", "size": 2}]}
    status, machine, _ = api.ask("POST", f"{path}/actions", {"action": "quarantine"})
    assert (status, machine["state"], machine["reason"]) == (200, "quarantined", "a person said so: `alice`")
    status, document, _ = api.ask("POST", f"{path}/actions", {"action": "quarantine"})
    assert (status, document["detail"]) == (409, "it is quarantined already")
    assert "this machine is quarantined" in api.ask("GET", f"/api/v1/match?mac={MAC}")[1]["refusal"]
    assert api.ask("GET", "/api/v1/holds")[1] == {"holds": []}
    assert api.ask("DELETE", "/api/v1/holds/ignition/node.bu")[0] == 404
