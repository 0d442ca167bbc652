"""The paths of Matchbox over a Site: statuses, types, bodies, and the events that requests leave."""

from __future__ import annotations

import json

import pytest

from stoker.machines import BOOTSTRAP
from tests.server.conftest import FILES, MAC, Client, until, write

ANSWERS = [
    ("/", 200, "text/plain; charset=utf-8", "stoker\n"),
    ("/healthz", 200, "text/plain; charset=utf-8", "ok\n"),
    ("/boot.ipxe", 200, "text/plain; charset=utf-8", BOOTSTRAP),
    ("/boot.ipxe.0?mac=1&x=%zz", 200, "text/plain; charset=utf-8", BOOTSTRAP),
    ("/ipxe?mac=52-54-00-A1-9C-AE", 200, "text/plain; charset=utf-8", "#!ipxe\nkernel k a\nboot\n"),
    (
        "/metadata?mac=525400a19cae",
        200,
        "plain/text",
        f"NAME=node\nMAC={MAC}\nREQUEST_QUERY_MAC={MAC}\nREQUEST_RAW_QUERY=mac=525400a19cae\n",
    ),
    ("/ignition?mac=52-54-00-a1-9c-ae", 200, "application/json", '{"text": "variant: x\\nname: node\\n"}'),
    ("/ignition?case=raw", 200, "application/json", '{"ignition": {"version": "3.4.0"}}'),
]


@pytest.mark.parametrize("target, status, content_type, body", ANSWERS, ids=[row[0] for row in ANSWERS])
def test_an_answer(client: Client, target: str, status: int, content_type: str, body: str) -> None:
    response = client.ask(target)
    assert (response.status, dict(response.headers)["content-type"], response.body) == (
        status,
        content_type,
        body.encode(),
    )


# The texts that a request may want a part of, and those for GRUB.
MORE = {
    "groups/more.json": '{"profile": "more", "selector": {"case": "more"}, "metadata": {"name": "web"}}',
    "profiles/more.json": '{"id": "more", "cloud_id": "c", "generic_id": "g", "boot": {"kernel": "k"}}',
    "cloud/c": "#cloud-config\nhostname: {{.name}}\n",
    "generic/g": "<p>{{.name}}",
}


@pytest.fixture
def more(client: Client) -> Client:
    write(client.root / "data", MORE)
    client.refresh()
    return client


def test_the_other_texts(more: Client) -> None:
    grub, cloud, generic = (more.ask(f"/{name}?case=more") for name in ("grub", "cloud", "generic"))
    assert isinstance(grub.body, bytes)
    assert grub.body.startswith(b'default=0\nfallback=1\ntimeout=1\nmenuentry "CoreOS (EFI)"')
    assert (cloud.body, dict(cloud.headers)["content-type"]) == (
        b"#cloud-config\nhostname: web\n",
        "text/plain; charset=utf-8",
    )
    assert (generic.body, dict(generic.headers)["content-type"]) == (b"<p>web", "text/html; charset=utf-8")
    tag = dict(generic.headers)["etag"]
    assert more.ask("/generic?case=more", if_none_match=tag).status == 304
    part = more.ask("/generic?case=more", range="bytes=1-2")
    assert (part.status, part.body, dict(part.headers)["content-range"]) == (206, b"p>", "bytes 1-2/6")
    assert more.ask("/generic?case=more", range="bytes=9-").status == 416


class Stamp:
    """Stands for a Signer."""

    def sign(self, data: bytes, *, is_armored: bool) -> bytes:
        return (b"armored " if is_armored else b"signed ") + data


def test_signatures_lie_beside_what_they_sign(more: Client) -> None:
    more.site.signer = Stamp()
    for suffix, start, content_type in (
        (".sig", b"signed ", "application/octet-stream"),
        (".asc", b"armored ", "text/plain; charset=utf-8"),
    ):
        for name in ("boot.ipxe", "boot.ipxe.0", "ipxe", "grub", "cloud", "generic", "metadata"):
            query = "?case=more"
            signature = more.ask(f"/{name}{suffix}{query}", range="bytes=0-1")
            signed = more.ask(f"/{name}{query}").body
            assert isinstance(signed, bytes)
            assert (signature.status, signature.body) == (200, start + signed)
            assert dict(signature.headers)["content-type"] == content_type


def test_a_refusal_is_not_signed(more: Client) -> None:
    more.site.signer = Stamp()
    response = more.ask("/ignition.sig?case=more")
    assert (response.status, dict(response.headers)["content-type"]) == (500, "application/problem+json")
    assert more.ask("/ipxe.sig?case=none", user_agent="iPXE/1").status == 404
    assert more.ask("/ipxe.asc", method="POST").status == 405


def test_without_a_key_nothing_is_signed(more: Client) -> None:
    assert more.json("/ipxe.sig?case=more")["detail"] == "nothing is at `/ipxe.sig`: no key was given to sign with"


REFUSALS = [
    ("/generic?mac=52-54-00-a1-9c-ae", 500, "profile `p` has no `generic_id`"),
    ("/cloud", 404, "no group matches a machine without labels"),
    ("/ignition", 404, "no group matches a machine without labels"),
    ("/metadata?mac=525400000001", 404, "no group matches `mac=52:54:00:00:00:01`"),
    ("/ipxe?case=raw", 500, "profile `raw` has no `boot`"),
    ("/ignition?case=bad", 500, "this line is refused"),
    ("/nothing", 404, "nothing is at `/nothing`"),
    ("/ipxe/", 404, "nothing is at `/ipxe/`"),
    ("/assets/nothing", 404, "no asset `nothing`"),
    ("/assets/%ff", 404, "no asset `?`"),
    ("/ignition?mac=525400000001&a=%ff", 404, "no group matches `a=?, mac=52:54:00:00:00:01`"),
]


@pytest.mark.parametrize("target, status, detail", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_is_a_problem_document(client: Client, target: str, status: int, detail: str) -> None:
    response = client.ask(target, user_agent="Ignition/2.21.0")
    document = client.json(target)
    assert dict(response.headers)["content-type"] == "application/problem+json"
    assert (response.status, document["status"], document["detail"]) == (status, status, detail)


def test_a_config_that_does_not_compile_names_the_line_of_the_template(client: Client) -> None:
    assert client.json("/ignition?case=bad")["errors"] == [
        {
            "severity": "error",
            "code": "refused",
            "detail": "this line is refused",
            "pointer": "$.a",
            "place": f"{client.root}/data/ignition/bad.bu:4:1",
        }
    ]


@pytest.mark.parametrize("target", ["/ipxe?mac=525400000001", "/ipxe?case=raw"])
def test_ipxe_is_told_in_a_script(client: Client, target: str) -> None:
    response = client.ask(target, user_agent="iPXE/1.21.1 (g1234)")
    assert response.status == 200
    assert isinstance(response.body, bytes)
    assert response.body.startswith(b"#!ipxe\necho stoker has nothing to boot here:\necho ")


def test_labels_that_people_give_count(client: Client) -> None:
    write(client.root / "data", {"labels/a.json": '{"selector": {"serial": "7"}, "labels": {"case": "raw"}}'})
    client.refresh()
    assert client.ask("/ignition?serial=7").body == FILES["ignition/raw.ign"].encode()
    assert client.ask("/ignition?serial=8").status == 404


def test_other_methods_are_refused(client: Client) -> None:
    response = client.ask("/ipxe", method="POST")
    assert (response.status, dict(response.headers)["allow"]) == (405, "GET, HEAD")


def test_each_request_of_a_machine_is_an_event(client: Client) -> None:
    for path in ("boot.ipxe", "ipxe", "ignition", "metadata"):
        client.ask(f"/{path}?mac=52-54-00-a1-9c-ae")
    client.ask("/ignition?mac=52-54-00-a1-9c-ae&case=raw")
    write(client.root / "data", {"profiles/p.json": '{"id": "p"}'})
    client.refresh()
    client.ask("/ignition?mac=52-54-00-a1-9c-ae")
    client.ask("/ignition")
    events = client.json(f"/api/v1/machines/{MAC}/events")["events"]
    assert [(event["stage"], event["text"], event.get("outcome", "done")) for event in events] == [
        ("identity", "first seen", "done"),
        ("boot", "asked for the first script", "done"),
        ("ipxe", "boot script of profile `p` by group `node`", "done"),
        ("state", "discovered -> provisioning (start)", "done"),
        ("ignition", "config of profile `p` by group `node`", "done"),
        ("metadata", "metadata of profile `p` by group `node`", "done"),
        ("ignition", "config of profile `p` by group `node`", "done"),
        ("ignition", "no config: profile `p` has no `ignition_id`", "failed"),
    ]
    assert [len(event.get("digest", "")) for event in events] == [0, 0, 0, 0, 128, 0, 128, 0]
    assert {event["machine"] for event in events} == {MAC}


def test_a_changed_file_counts_when_it_is_seen_and_a_broken_one_does_not(client: Client) -> None:
    target = "/ipxe?mac=52-54-00-a1-9c-ae"
    good = '{"id": "p", "boot": {"kernel": "new"}}'
    write(client.root / "data", {"profiles/p.json": good})
    client.refresh()
    assert client.ask(target).body == b"#!ipxe\nkernel new\nboot\n"
    write(client.root / "data", {"profiles/p.json": good[:-1]})
    client.refresh()
    assert client.ask(target).body == b"#!ipxe\nkernel new\nboot\n"
    file = f"{client.root}/data/profiles/p.json"
    assert [line for line in client.log if line.startswith("/")] == [
        f"{file}:1:{len(good)}: error: not JSON: Expecting ',' delimiter",
        f"{file}:1:1: info: the last version of `profiles/p.json` that could be read is still served",
    ]


def test_without_its_directory_the_server_goes_on_with_what_it_read(client: Client) -> None:
    (client.root / "data").rename(client.root / "elsewhere")
    until(lambda: any(client.site.keeper.troubles()))
    for _ in range(2):
        assert client.ask("/ipxe?mac=52-54-00-a1-9c-ae").status == 200
    (told,) = [line for line in client.log if line.startswith("error: ")]
    assert told.endswith("or name another; what was read last is still served")


def test_the_access_log_is_one_line_whatever_was_asked(client: Client) -> None:
    client.ask("/ipxe?x=\n\x1b[31m", user_agent="a\nb")
    (line,) = client.log
    assert line.startswith('192.0.2.1:999 "GET /ipxe?x=\\n\\x1b[31m" 404 ')
    assert line.endswith('ms "a\\nb" r1 anyone')


def test_a_fault_in_a_handler_is_one_answer(client: Client) -> None:
    def fail(_text: bytes, _file: str) -> tuple[None, None]:
        raise ZeroDivisionError("by chance")

    client.site.compile = fail  # type: ignore[assignment]
    response = client.ask("/ignition?mac=52-54-00-a1-9c-ae")
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["status"]) == (500, 500)
    assert client.log[0] == "error: GET /ignition: ZeroDivisionError: by chance r1"
    assert client.ask("/healthz").status == 200
