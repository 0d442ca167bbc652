"""Matchbox's answers over a Site: what a script sees, what the log says, and what a person sees beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoker.http import FilePart, Request, Response
from stoker.machines import BOOTSTRAP
from stoker.server import Site
from stoker.server.behind import Behind
from stoker.server.logrus import Logrus
from stoker.server.matchbox_configs import EMPTY, compile_template
from stoker.server.matchbox_face import MatchboxFace
from stoker.trust import SigningError
from tests.server.conftest import until_served, write

NOT_FOUND = b"404 page not found\n"
TEXT = "text/plain; charset=utf-8"
BUTANE = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: {}\n"


def group(name: str, **more: str) -> str:
    metadata = more.get("metadata", "{}")
    profile = more.get("profile", name)
    return f'{{"id": "{name}", "profile": "{profile}", "selector": {{"case": "{name}"}}, "metadata": {metadata}}}'


FILES = {
    "groups/boot.json": group("boot"),
    "groups/noboot.json": group("noboot"),
    "groups/lost.json": group("lost", profile="nowhere"),
    "groups/bare.json": group("bare"),
    "groups/full.json": group("full", metadata='{"name": "web"}'),
    "groups/new.json": group("new"),
    "groups/broken.json": group("broken"),
    "groups/slip.json": group("slip"),
    "groups/html.json": group("html"),
    "groups/missing.json": group("missing"),
    "profiles/boot.json": '{"id": "boot", "boot": {"kernel": "k", "initrd": ["i"], "args": ["a"]}}',
    "profiles/noboot.json": '{"id": "noboot"}',
    "profiles/bare.json": '{"id": "bare"}',
    "profiles/full.json": '{"id": "full", "ignition_id": "full.bu", "cloud_id": "full", "generic_id": "full"}',
    "profiles/new.json": '{"id": "new", "ignition_id": "new.ign"}',
    "profiles/broken.json": '{"id": "broken", "ignition_id": "broken.ignition"}',
    "profiles/slip.json": '{"id": "slip", "ignition_id": "slip.bu", "cloud_id": "slip", "generic_id": "slip"}',
    "profiles/html.json": '{"id": "html", "generic_id": "html"}',
    "profiles/missing.json": '{"id": "missing", "ignition_id": "x", "cloud_id": "x", "generic_id": "x"}',
    "ignition/full.bu": BUTANE.format("/{{.name}}"),
    "ignition/new.ign": '{"ignition": {"version": "3.5.0"}}',
    "ignition/broken.ignition": "{",
    "ignition/slip.bu": BUTANE.format("relative"),
    "cloud/full": "#cloud-config\nhostname: {{.name}}\n",
    "cloud/slip": "#cloud-config\n{\n",
    "generic/full": "0123456789",
    "generic/slip": "{{.name}}",
    "generic/html": "<p>{{.case}}</p>",
}


class Stamp:
    """Stands for a Signer: says what it signed, and fails at what it is told to."""

    def sign(self, data: bytes, *, is_armored: bool) -> bytes:
        if b"kernel" in data and is_armored:
            raise SigningError("openpgp: no")
        return (b"armored " if is_armored else b"signed ") + data


class Client:
    def __init__(self, root: Path, behind: Behind, signer: Stamp | None = None, level: str = "debug") -> None:
        self.log: list[str] = []
        self.site = Site(
            behind,
            root / "assets",
            compile_template,
            self.log.append,
            face=MatchboxFace(Logrus(level)),
            signer=signer,
        )
        self.site.wait_until_read(30)
        self.log.clear()

    def ask(self, target: str, method: str = "GET", **headers: str) -> Response:
        path, _, query = target.partition("?")
        return self.site.answer(Request(method, path, query, {k.replace("_", "-"): v for k, v in headers.items()}))

    def notes(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in self.log]


Make = Callable[..., Client]


@pytest.fixture
def make(tmp_path: Path, behind: Callable[[], Behind]) -> Iterator[Make]:
    made: list[Client] = []

    def make_client(signer: Stamp | None = None, level: str = "debug") -> Client:
        made.append(Client(tmp_path, behind(), signer, level))
        return made[-1]

    yield make_client
    for each in made:
        each.site.close(30)


@pytest.fixture
def client(tmp_path: Path, make: Make) -> Client:
    write(tmp_path / "data", FILES)
    write(tmp_path / "assets", {"kernel": "0123456789"})
    return make()


def digest(response: Response) -> tuple[int, str | None, Any]:
    named = dict(response.headers)
    return response.status, named.get("location") or named.get("content-type"), response.body


CONFIG = (
    b'{"ignition":{"config":{"replace":{"verification":{}}},"proxy":{},"security":{"tls":{}},"timeouts":{},'
    b'"version":"3.4.0"},"kernelArguments":{},"passwd":{},"storage":{"files":[{"group":{},"path":"/web","user":{},'
    b'"contents":{"verification":{}}}]},"systemd":{}}'
)
ANSWERS = [
    ("/", (200, TEXT, b"matchbox\n")),
    ("/boot.ipxe", (200, TEXT, BOOTSTRAP.encode())),
    ("/boot.ipxe.0?x=%zz", (200, TEXT, BOOTSTRAP.encode())),
    ("/ipxe?case=boot", (200, TEXT, b"#!ipxe\nkernel k a\ninitrd i\nboot\n")),
    ("/metadata?case=bare", (200, "plain/text", b"CASE=bare\nREQUEST_QUERY_CASE=bare\nREQUEST_RAW_QUERY=case=bare\n")),
    ("/ignition?case=full", (200, "application/json", CONFIG)),
    ("/ignition?case=new", (200, "application/json", EMPTY)),
    ("/ignition?case=broken", (200, "application/json", EMPTY)),
    ("/cloud?case=full", (200, TEXT, b"#cloud-config\nhostname: web\n")),
    ("/generic?case=html", (200, "text/html; charset=utf-8", b"<p>html</p>")),
    ("/ipxe", (404, TEXT, NOT_FOUND)),
    ("/ipxe?case=noboot", (404, TEXT, NOT_FOUND)),
    ("/grub?case=lost", (404, TEXT, NOT_FOUND)),
    ("/ignition?case=slip", (404, TEXT, NOT_FOUND)),
    ("/cloud?case=slip", (404, TEXT, NOT_FOUND)),
    ("/generic?case=slip", (404, TEXT, NOT_FOUND)),
    ("/generic?case=bare", (404, TEXT, NOT_FOUND)),
    ("/ipxe/", (404, TEXT, NOT_FOUND)),
    ("/IPXE", (404, TEXT, NOT_FOUND)),
    ("/ipxe.sig", (404, TEXT, NOT_FOUND)),
    ("/api/v1/machines", (404, TEXT, NOT_FOUND)),
    ("*", (400, None, b"")),
    ("/assets", (307, "/assets/", b'<a href="/assets/">Temporary Redirect</a>.\n\n')),
    ("//ipxe?case=boot", (307, "/ipxe?case=boot", b'<a href="/ipxe?case=boot">Temporary Redirect</a>.\n\n')),
]


@pytest.mark.parametrize("target, expected", ANSWERS, ids=[target for target, _ in ANSWERS])
@pytest.mark.parametrize("method", ["GET", "POST", "FOO"])
def test_every_method_is_answered_alike(
    client: Client, target: str, method: str, expected: tuple[int, str | None, bytes]
) -> None:
    wanted = (*expected[:2], b"") if expected[0] == 307 and method != "GET" else expected
    assert digest(client.ask(target, method)) == wanted


def test_texts_are_given_in_parts_and_the_rest_whole(client: Client) -> None:
    part = client.ask("/generic?case=full", range="bytes=2-3")
    assert (part.status, part.body) == (206, b"23")
    assert client.ask("/ipxe?case=boot", range="bytes=2-3").status == 200
    assert client.ask("/generic?case=full", range="bytes=99-").status == 416


def test_an_asset(client: Client) -> None:
    body = client.ask("/assets/kernel", range="bytes=-4").body
    assert isinstance(body, FilePart)
    assert (body.start, body.size) == (6, 4)


# A request, and what the log says of it after the line that names it.
NOTES = [
    (
        "/ipxe?case=boot",
        ['level=debug msg="Matched an iPXE config" labels="map[case:boot]" profile=boot'],
    ),
    ("/ipxe?case=none", ['level=info msg="No matching profile" labels="map[case:none]"']),
    ("/grub?case=lost", ['level=info msg="No matching profile" labels="map[case:lost]"']),
    ("/metadata", ['level=info msg="No matching group" labels="map[]"']),
    (
        "/metadata?case=bare",
        ['level=debug msg="Matched group metadata" group=bare labels="map[case:bare]"'],
    ),
    (
        "/cloud?case=lost",
        ['level=info msg="No profile named: nowhere" group=lost group_name= labels="map[case:lost]"'],
    ),
    (
        "/ignition?case=missing",
        [
            (
                'level=info msg="No Ignition or Container Linux Config template named: x" group=missing group_name= '
                'labels="map[case:missing]" profile=missing'
            )
        ],
    ),
    (
        "/cloud?case=full",
        [
            'level=debug msg="Matched a cloud-config template" group=full labels="map[case:full]" profile=full',
            'level=warning msg="Cloud-Config support will be removed in the future"',
        ],
    ),
]


@pytest.mark.parametrize("target, expected", NOTES, ids=[target for target, _ in NOTES])
def test_the_log_says_why(client: Client, target: str, expected: list[str]) -> None:
    client.ask(target)
    assert client.notes() == [f'level=info msg="HTTP GET {target}"', *expected]


REFUSALS = [
    ("/ipxe?case=noboot", "error", "error rendering template: the profile has no boot"),
    (
        "/ignition?case=slip",
        "error",
        "error translating Butane Config: {data}/ignition/slip.bu:5:13: path not absolute",
    ),
    (
        "/ignition?case=new",
        "warning",
        "warning parsing Ignition: {data}/ignition/new.ign:1:1: not an Ignition config: ",
    ),
    (
        "/ignition?case=broken",
        "warning",
        "warning parsing Ignition: {data}/ignition/broken.ignition:0:0: unexp",
    ),
    ("/cloud?case=slip", "error", "error parsing cloud config: {data}/cloud/slip:"),
    ("/generic?case=slip", "error", "error rendering template: template: slip:1:2: executing "),
]


@pytest.mark.parametrize("target, level, text", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_the_log_says_what_was_wrong(client: Client, tmp_path: Path, target: str, level: str, text: str) -> None:
    client.ask(target)
    assert client.notes()[-1].startswith(f'level={level} msg="{text.format(data=tmp_path / "data")}')


def test_a_level_is_kept(tmp_path: Path, make: Make) -> None:
    write(tmp_path / "data", FILES)
    client = make(level="error")
    for target in ("/ipxe", "/ipxe?case=boot", "/cloud?case=full"):
        client.ask(target)
    assert client.log == []


def test_a_config_served_empty_is_a_failure_of_the_machine(client: Client) -> None:
    client.ask("/ignition?case=new&mac=52-54-00-a1-9c-ae")
    client.ask("/ipxe?case=boot&mac=52-54-00-a1-9c-ae")
    (machine,) = client.site.keeper.machines()
    events = client.site.keeper.events(machine.name)
    assert [(event.stage, event.outcome, event.text.partition(":")[0]) for event in events] == [
        ("identity", "done", "first seen"),
        ("ignition", "failed", "no config but an empty one"),
        ("ipxe", "done", "boot script of profile `boot` by group `boot`"),
        ("state", "done", "discovered -> provisioning (start)"),
    ]


SIGNED = [
    ("/boot.ipxe.sig", (200, "application/octet-stream", b"signed " + BOOTSTRAP.encode())),
    ("/boot.ipxe.0.asc", (200, TEXT, b"armored " + BOOTSTRAP.encode())),
    ("/generic.sig?case=full", (200, "application/octet-stream", b"signed 0123456789")),
    ("/metadata.asc", (404, TEXT, b"armored " + NOT_FOUND)),
    ("/ipxe.asc?case=boot", (500, TEXT, b"openpgp: no\n")),
    ("/ipxe?case=boot", (200, TEXT, b"#!ipxe\nkernel k a\ninitrd i\nboot\n")),
    ("/foo.sig", (404, TEXT, NOT_FOUND)),
    ("/.sig", (404, TEXT, NOT_FOUND)),
    ("/ipxe.asc.asc", (404, TEXT, NOT_FOUND)),
    ("/assets/kernel.sig", (404, TEXT, NOT_FOUND)),
]


@pytest.mark.parametrize("target, expected", SIGNED, ids=[target for target, _ in SIGNED])
def test_signatures(tmp_path: Path, make: Make, target: str, expected: tuple[int, str, bytes]) -> None:
    write(tmp_path / "data", FILES)
    write(tmp_path / "assets", {"kernel": "0123456789"})
    assert digest(make(Stamp()).ask(target)) == expected


def test_a_fault_of_the_server_is_an_answer(client: Client) -> None:
    client.site.keeper.catalogue = None  # type: ignore[assignment]  # as nothing in the server should leave it
    assert client.ask("/ipxe").status == 500
    assert "level=error" in client.log[-1]


STEPS = ("..", ".", "", "%2e%2e", "..%2f", "..\\", "\0", "....", "/", "a")


@pytest.mark.parametrize("first", STEPS)
def test_no_path_leads_out(client: Client, first: str, tmp_path: Path) -> None:
    """A hundred ways up, in the path and in the names that files give."""
    (tmp_path / "secret").write_text("secret")
    for second in STEPS:
        way = f"{first}/{second}"
        for path in (f"/assets/{way}/secret", f"/assets/{way}/../../secret", f"/{way}/assets/../../secret"):
            response = client.ask(path)
            assert response.status in {301, 307, 404}, path
            assert dict(response.headers).get("location", "/").startswith(("/", "../", "secret", "./"))
        write(tmp_path / "data", {"profiles/html.json": json.dumps({"id": "html", "generic_id": f"{way}/../secret"})})
        until_served(client.site, tmp_path / "data")
        assert client.ask("/generic?case=html").status == 404


@settings(derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    path=st.text("/.abi px%\\\0é\udcff", max_size=20)
    | st.sampled_from(["/ipxe", "/generic", "/metadata.sig", "/assets/"]),
    query=st.text("case=boot&mac;%0+é", max_size=30),
    method=st.sampled_from(["GET", "HEAD", "POST", "X"]),
    asked=st.text("bytes=0-9,", max_size=12),
)
def test_whatever_is_asked_is_answered(client: Client, path: str, query: str, method: str, asked: str) -> None:
    response = client.ask(f"{path.replace('?', '')}?{query}", method, range=asked)
    assert response.status in {200, 206, 301, 307, 400, 404, 416}
    assert all(line.isprintable() for line in client.log)
