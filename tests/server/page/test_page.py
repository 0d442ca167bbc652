"""The documents of the page: who is answered what, what is shown to whom, and what forms do."""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest

from stoker.cli.sites import compile_config
from stoker.http import Feed, Request, Response, unescape_path
from stoker.server import Site
from stoker.server.behind import Behind
from stoker.server.native import Native
from stoker.server.page.desk import Shared
from stoker.server.roles import TokenFile
from tests.server.conftest import until, until_served, write
from tests.server.page.served import FILES, OPERATOR, VIEWER, mac, token_line

MACHINE = f"/ui/machines/{mac(1)}"
HOST = "stoker:8080"
CANARIES = ("label-canary", "event-canary", "metadata-canary", "config-canary", "host-canary")
SECRETS = FILES | {
    "groups/web.json": '{"profile": "flatcar", "metadata": {"secret": "metadata-canary"}}',
    "ignition/web.bu": FILES["ignition/web.bu"].replace("listen 80", "config-canary {{.secret}}"),
}


class Person:
    """Somebody at a browser: keeps cookies, and sends forms as a browser does."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    def ask(self, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
        path, _, query = target.partition("?")
        named = {"host": HOST, "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.site.answer(Request(method, _path(path), query, named, body, "192.0.2.1:999", "r1"))
        for name, value in response.headers:
            if name == "set-cookie":
                cookie, _, rest = value.partition(";")
                self.cookies[cookie.partition("=")[0]] = "" if "Max-Age=0" in rest else cookie.partition("=")[2]
        return response

    def read(self, target: str) -> str:
        """A document as text with its markup."""
        body = self.ask(target).body
        assert isinstance(body, bytes)
        return body.decode()

    def send(self, target: str, origin: str = f"http://{HOST}", **fields: str) -> Response:
        """Send the form that is at an address, or that is sent to it, with its key."""
        if "key" not in fields:
            fields["key"] = key_in(self.read(target if "logout" not in target else "/ui/"))
        return self.ask(target, "POST", urlencode(fields).encode(), origin=origin)

    def log_in(self, token: str) -> Response:
        return self.send("/ui/login", token=token, next="/ui/groups")


def _path(written: str) -> str:
    return unescape_path(written.encode("utf-8", "surrogateescape"))


def key_in(document: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]+)"', document)
    return found[1] if found else ""


def header(response: Response, name: str) -> str:
    return dict(response.headers).get(name, "")


@pytest.fixture
def site(tmp_path: Path, behind: Callable[[], Behind]) -> Iterator[Site]:
    write(tmp_path / "data", SECRETS)
    people = token_line("operator", OPERATOR) + token_line("viewer", VIEWER)
    write(tmp_path, {"tokens": people + token_line("machine", "m", mac(2))})
    made = Site(behind(), None, compile_config, lambda _line: None, face=Native(TokenFile(tmp_path / "tokens")))
    made.wait_until_read(30)
    until_served(made, tmp_path / "data")
    nobody = Person(made)
    labels = {"mac": mac(1), "hostname": "host-canary.example.org", "rack": "label-canary"}
    nobody.ask(f"/ipxe?{urlencode(labels)}")
    nobody.ask(f"/ignition?{urlencode(labels)}")
    events = [{"stage": "files", "text": "event-canary", "outcome": outcome} for outcome in ("failed", "log")]
    told = json.dumps(events).encode()
    nobody.ask(f"/api/v1/machines/{mac(1)}/events", "POST", told, authorization=f"Bearer {OPERATOR}")
    yield made
    made.close(30)


@pytest.fixture
def nobody(site: Site) -> Person:
    return Person(site)


@pytest.fixture
def viewer(site: Site) -> Person:
    person = Person(site)
    assert person.log_in(VIEWER).status == 303
    return person


@pytest.fixture
def operator(site: Site) -> Person:
    person = Person(site)
    assert person.log_in(OPERATOR).status == 303
    return person


# address -> what nobody, a viewer and an operator are answered
ANSWERS = {
    "/ui": (303, 303, 303),
    "/ui/": (200, 200, 200),
    "/ui/?q=x&state=up&sort=-seen&page=7": (200, 200, 200),
    "/ui/login": (200, 200, 200),
    MACHINE: (200, 200, 200),
    "/ui/machines/52-54-00-00-00-01": (200, 200, 200),
    "/ui/machines/52:54:00:00:00:99": (404, 404, 404),
    "/ui/machines/no-name": (404, 404, 404),
    f"{MACHINE}/labels": (303, 403, 200),
    f"{MACHINE}/reprovision": (303, 403, 200),
    f"{MACHINE}/nothing": (303, 403, 404),
    "/ui/machines/52:54:00:00:00:99/retire": (303, 403, 404),
    "/ui/groups": (303, 200, 200),
    "/ui/groups/web": (303, 200, 200),
    "/ui/groups/none": (303, 404, 404),
    "/ui/profiles": (303, 200, 200),
    "/ui/profiles/flatcar": (303, 200, 200),
    "/ui/profiles/none": (303, 404, 404),
    "/ui/templates": (303, 200, 200),
    "/ui/templates/ignition/web.bu": (303, 200, 200),
    "/ui/templates/ignition/bad.bu": (303, 200, 200),
    "/ui/templates/ignition/../groups/web.json": (303, 404, 404),
    "/ui/live": (200, 200, 200),
    "/ui/files/none.css": (404, 404, 404),
    "/ui/nothing": (404, 404, 404),
    "/ui/logout": (404, 404, 404),
    "/ui/a/b/c": (404, 404, 404),
}


@pytest.mark.parametrize("address", ANSWERS)
def test_who_is_answered_what(address: str, nobody: Person, viewer: Person, operator: Person) -> None:
    assert tuple(person.ask(address).status for person in (nobody, viewer, operator)) == ANSWERS[address]


@pytest.mark.parametrize("address", [address for address, statuses in ANSWERS.items() if statuses[0] != 404])
def test_nobody_is_shown_nothing_but_states(address: str, nobody: Person) -> None:
    response = nobody.ask(address)
    assert [word for word in (*CANARIES, "nginx", "op(1)") if word in repr(response)] == []


def test_whoever_is_logged_in_is_shown_everything(viewer: Person) -> None:
    document = viewer.read(MACHINE)
    assert [canary for canary in CANARIES if canary not in document] == []
    assert ">failed</span>" in document
    assert "Reprovision" not in document


def test_searching_tells_nobody_what_they_may_not_see(nobody: Person, viewer: Person) -> None:
    for words in ("label-canary", "host-canary", "rack=label-canary", "web"):
        assert mac(1) not in nobody.read(f"/ui/?q={words}").partition("<tbody>")[2]
        assert mac(1) in viewer.read(f"/ui/?q={words}").partition("<tbody>")[2]


ROOTS = [("text/html,*/*;q=0.8", 303, "/ui/"), ("*/*", 200, ""), ("", 200, "")]


@pytest.mark.parametrize("accept, status, location", ROOTS)
def test_the_root_sends_browsers_to_the_page(accept: str, status: int, location: str, nobody: Person) -> None:
    response = nobody.ask("/", accept=accept)
    assert (response.status, header(response, "location")) == (status, location)


def test_the_way_in_and_out(nobody: Person) -> None:
    assert header(nobody.ask("/ui/groups"), "location") == "/ui/login?next=/ui/groups"
    first = nobody.ask("/ui/login")
    cookie = header(first, "set-cookie")
    assert cookie.endswith("; Path=/ui/; Max-Age=43200; HttpOnly; SameSite=Strict")
    entered = nobody.log_in(OPERATOR)
    assert (entered.status, header(entered, "location")) == (303, "/ui/groups")
    assert header(entered, "set-cookie") != cookie
    assert "<b>operator</b>" in nobody.read("/ui/")
    left = nobody.send("/ui/logout")
    assert (left.status, header(left, "location"), header(left, "clear-site-data")) == (303, "/ui/", '"cache"')
    assert nobody.ask("/ui/groups").status == 303


def test_a_cookie_that_was_there_before_is_good_for_nothing_afterwards(nobody: Person) -> None:
    nobody.ask("/ui/login")
    fixed = dict(nobody.cookies)
    nobody.log_in(OPERATOR)
    nobody.cookies = fixed
    assert nobody.ask("/ui/groups").status == 303


def test_a_token_is_taken_back_and_its_sessions_end(viewer: Person, site: Site) -> None:
    assert viewer.ask("/ui/groups").status == 200
    face = site.face
    assert isinstance(face, Native)
    face.tokens = TokenFile(None)
    assert viewer.ask("/ui/groups").status == 303


@pytest.mark.parametrize("token", ["", "wrong", "m", OPERATOR + "x", "\ud800", "x" * 60_000], ids=ascii)
def test_other_tokens_open_nothing(token: str, nobody: Person) -> None:
    response = nobody.ask("/ui/login")
    assert response.status == 200
    fields = urlencode({"token": token, "key": key_in(nobody.read("/ui/login"))}, errors="surrogatepass").encode()
    response = nobody.ask("/ui/login", "POST", fields, origin=f"http://{HOST}")
    assert response.status == 403
    assert nobody.ask("/ui/groups").status == 303


NEXT = [
    ("/ui/groups", "/ui/groups"),
    ("/ui/?q=a&state=up", "/ui/?q=a&state=up"),
    ("//evil.example", "/ui/"),
    ("https://evil.example/ui/", "/ui/"),
    ("/ui/\\evil", "/ui/"),
    ("/ui/\r\nset-cookie: a=b", "/ui/"),
    ("/ui/login", "/ui/"),
    ("/api/v1/machines", "/ui/"),
]


@pytest.mark.parametrize("wanted, location", NEXT, ids=[ascii(row[0]) for row in NEXT])
def test_nobody_is_sent_elsewhere(wanted: str, location: str, nobody: Person) -> None:
    response = nobody.send("/ui/login", token=VIEWER, next=wanted)
    assert header(response, "location") == location


POSTS = ["/ui/login", "/ui/logout", f"{MACHINE}/retire", f"{MACHINE}/labels"]


@pytest.mark.parametrize("address", POSTS)
def test_forms_from_elsewhere_do_nothing(address: str, operator: Person, site: Site) -> None:
    fields = {"token": VIEWER, "labels": "a=b"}
    for response in (
        operator.send(address, origin="http://evil.example", **fields),
        operator.send(address, key="", **fields),
        operator.send(address, key="0" * 64, **fields),
        operator.ask(address, "POST", urlencode(fields | {"key": key_in(operator.read("/ui/"))}).encode()),
    ):
        assert response.status == 403
        assert b"This form does not count" in (response.body if isinstance(response.body, bytes) else b"")
    assert "<b>operator</b>" in operator.read("/ui/")
    assert [(machine.state, dict(site.keeper.catalogue.labels)) for machine in site.keeper.machines()] == [
        ("failed", {})
    ]


@pytest.mark.parametrize("address", POSTS[2:])
def test_who_may_not_cannot_by_a_form_either(address: str, nobody: Person, viewer: Person, site: Site) -> None:
    for person, status in ((nobody, 303), (viewer, 403)):
        key = key_in(person.read("/ui/login") + person.read("/ui/"))
        assert person.send(address, key=key, labels="a=b").status == status
    assert [machine.state for machine in site.keeper.machines()] == ["failed"]


# order -> the state afterwards, where one is sent
ORDERS = {
    "reprovision": (["failed"], MACHINE),
    "release": (["discovered"], MACHINE),
    "quarantine": (["quarantined"], MACHINE),
    "retire": (["retired"], MACHINE),
    "forget": ([], "/ui/"),
}


@pytest.mark.parametrize("order", ORDERS)
def test_an_order(order: str, operator: Person, site: Site) -> None:
    response = operator.send(f"{MACHINE}/{order}")
    states, location = ORDERS[order]
    assert (response.status, header(response, "location")) == (303, location)
    assert [machine.state for machine in site.keeper.machines()] == states
    until(lambda: site.keeper.audit)
    deeds = [json.loads(deed) for deed in site.keeper.audit]
    assert [(deed["who"], deed["what"], deed["subject"]) for deed in deeds] == [("operator:operator", order, mac(1))]


def test_an_order_that_the_state_forbids_is_refused_in_words(operator: Person) -> None:
    operator.send(f"{MACHINE}/retire")
    response = operator.send(f"{MACHINE}/reprovision")
    assert response.status == 409
    assert b"Refused: it is retired; release it first." in (response.body if isinstance(response.body, bytes) else b"")
    assert f'href="{MACHINE}/reprovision"' not in operator.read(MACHINE)
    assert "Refused: it is retired" in operator.read(f"{MACHINE}/reprovision")
    assert "<button" not in operator.read(f"{MACHINE}/reprovision").partition("<main")[2].partition("</main")[0]


def test_labels_are_given_changed_and_taken_away(operator: Person, site: Site) -> None:
    given = operator.send(f"{MACHINE}/labels", labels="rack=r9\r\n\r\nrole = worker \r\n")
    assert (given.status, header(given, "location")) == (303, MACHINE)
    name = mac(1).replace(":", "-")
    document = json.loads(site.keeper.catalogue.labels[name].item.data)
    assert document == {"selector": {"mac": mac(1)}, "labels": {"rack": "r9", "role": "worker"}}
    assert "rack=r9\nrole=worker\n</textarea>" in operator.read(f"{MACHINE}/labels")
    assert mac(1) in operator.read("/ui/?q=rack=r9").partition("<tbody>")[2]
    operator.send(f"{MACHINE}/labels", labels="rack=r10")
    assert json.loads(site.keeper.catalogue.labels[name].item.data)["labels"] == {"rack": "r10"}
    operator.send(f"{MACHINE}/labels", labels="")
    assert dict(site.keeper.catalogue.labels) == {}


BAD_LABELS = [
    ("rack", "Line 1 is no `NAME=VALUE`."),
    ("a=b\n=c", "Line 2 is no `NAME=VALUE`."),
    ("a=b\na=c", "Line 2 gives `a` once more."),
    ("a=" + "x" * 257, "Line 1 is too long: a name and a value have at most 256 characters."),
    ("\n".join(f"{number}=x" for number in range(33)), "These are 33 labels, more than the 32 that are kept."),
]


@pytest.mark.parametrize("text, reason", BAD_LABELS, ids=[row[1] for row in BAD_LABELS])
def test_what_is_no_label_is_said_and_what_was_typed_stays(text: str, reason: str, operator: Person) -> None:
    response = operator.send(f"{MACHINE}/labels", labels=text)
    assert response.status == 400
    assert isinstance(response.body, bytes)
    body = gzip.decompress(response.body) if header(response, "content-encoding") else response.body
    shown = re.sub(r"</?code>", "`", html.unescape(body.decode()))
    assert reason in shown
    assert f"{text}</textarea>" in html.unescape(body.decode())


def test_documents_are_packed_tagged_and_never_kept(viewer: Person) -> None:
    response = viewer.ask(MACHINE, accept_encoding="gzip, br")
    assert header(response, "content-encoding") == "gzip"
    assert header(response, "cache-control") == "no-store"
    assert isinstance(response.body, bytes)
    assert gzip.decompress(response.body).startswith(b"<!doctype html>")
    assert header(response, "etag") != header(viewer.ask(MACHINE), "etag")
    assert viewer.ask("/ui/login", if_none_match=header(viewer.ask("/ui/login"), "etag")).status in {200, 304}


def test_the_stream_says_nothing_but_that_something_changed(nobody: Person) -> None:
    response = nobody.ask("/ui/live")
    assert header(response, "content-type") == "text/event-stream"
    assert isinstance(response.body, Feed)


SEARCHES = [
    ("/ui/groups", ["lab", "web"]),
    ("/ui/groups?q=FLATCAR", ["web"]),
    ("/ui/groups?q=region=lab", ["lab"]),
    ("/ui/profiles?q=web.bu", ["flatcar"]),
    ("/ui/templates?q=bad", ["ignition/bad.bu"]),
    ("/ui/templates?q=nothing", []),
]


@pytest.mark.parametrize("address, found", SEARCHES, ids=[row[0] for row in SEARCHES])
def test_files_are_found(address: str, found: list[str], viewer: Person) -> None:
    assert re.findall(r'<a class="row"[^>]*>([^<]*)</a>', viewer.read(address)) == found


def test_what_is_not_there_is_said_to_people(nobody: Person) -> None:
    assert "<h1>Not here</h1>" in nobody.read("/ui/%3Cb%3E")
    assert "&lt;b&gt;" in nobody.read("/ui/<b>")


def test_every_document_is_sent_with_the_policy(nobody: Person, operator: Person) -> None:
    for address in ANSWERS:
        for person in (nobody, operator):
            response = person.ask(address)
            if header(response, "content-type").startswith("text/html"):
                assert header(response, "content-security-policy").startswith("default-src 'none'")
                body = person.read(address)
                assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", body), address


def test_what_needs_somebody_stands_on_top_of_every_page(nobody: Person, viewer: Person) -> None:
    for address in ("/ui/groups", MACHINE, "/ui/nothing"):
        assert "Broken files</strong> <span><code>ignition/bad.bu</code>" in viewer.read(address)
    assert 'class="alarms"' not in nobody.read("/ui/")
    for number in range(2):
        nobody.ask(f"/ipxe?mac={mac(1)}&n={number}")
        failed = json.dumps({"stage": "files", "text": f"no {number}", "outcome": "failed"}).encode()
        nobody.ask(f"/api/v1/machines/{mac(1)}/events", "POST", failed, authorization=f"Bearer {OPERATOR}")
    for person in (nobody, viewer):
        assert "1 machine is given nothing until somebody looks and releases it" in person.read("/ui/login")
    assert "3 of 3 tries in a row failed" in viewer.read(MACHINE)
    assert "3 of 3 tries" not in nobody.read(MACHINE)


def test_a_template_that_is_held_is_told_and_released(nobody: Person, viewer: Person, operator: Person) -> None:
    held = "/ui/holds/ignition/web.bu"
    assert (viewer.ask(held).status, operator.ask(held).status) == (403, 404)
    for number in (1, 2):
        nobody.ask(f"/ipxe?mac={mac(number)}&hostname=a")
        config = nobody.ask(f"/ignition?mac={mac(number)}&hostname=a").body
        assert isinstance(config, bytes)
        event = {
            "stage": "files",
            "text": "no space",
            "outcome": "failed",
            "pointer": ["storage", "files", 0],
            "digest": hashlib.sha512(config).hexdigest(),
        }
        body = json.dumps(event).encode()
        nobody.ask(f"/api/v1/machines/{mac(number)}/events", "POST", body, authorization=f"Bearer {OPERATOR}")
    assert "Hold</strong> <span><code>ignition/web.bu</code> is held" in viewer.read("/ui/groups")
    assert f'href="{held}"' in viewer.read("/ui/")
    assert "Hold</strong>" not in nobody.read("/ui/")
    assert "failed at <code>$.storage.files.0</code>" in operator.read(held)
    assert operator.ask(held, "POST", b"key=no", origin=f"http://{HOST}").status == 403
    until(lambda: not operator.site.keeper.holding.waiting)
    response = operator.send(held)
    assert (response.status, header(response, "location")) == (303, "/ui/")
    assert "Hold</strong>" not in viewer.read("/ui/")
    assert operator.ask(held).status == 404


def test_a_list_is_made_once_for_all_who_look_at_the_same_moment() -> None:
    made: list[int] = []
    shared = Shared()

    def make(key: int) -> str:
        made.append(key)
        return f"part {key}"

    for _ in range(50):
        assert shared.get(1, lambda: make(1)) == "part 1"
    assert made == [1]
    for key in range(2, 200):
        shared.get(key, partial(make, key))
    assert len(shared._parts) <= 64


def test_of_many_groups_those_are_explained_that_come_close(site: Site, tmp_path: Path, viewer: Person) -> None:
    groups = {
        f"groups/m{number}.json": f'{{"selector": {{"mac": "{mac(number)}", "a": "b"}}}}' for number in range(500)
    }
    write(
        tmp_path / "data", groups | {"groups/own.json": f'{{"profile": "flatcar", "selector": {{"mac": "{mac(1)}"}}}}'}
    )
    until_served(site, tmp_path / "data")
    rules = viewer.read(MACHINE).partition('<ol class="rules">')[2].partition("</ol>")[0]
    assert rules.count('aria-label="chosen"') == 1
    assert '<li class="chosen" data-key="rule own">' in rules
    assert rules.count("<li") == 14
    assert "and 490 more, less like it" in rules
    assert "100 of 503" in viewer.read("/ui/groups")


def test_a_change_is_seen_at_once(nobody: Person, viewer: Person) -> None:
    assert ">discovered</span>" not in viewer.read("/ui/")
    for number in range(5, 25):
        nobody.ask(f"/boot.ipxe?mac={mac(number)}")
        assert mac(number) in viewer.read("/ui/")
        assert mac(number) in nobody.read("/ui/")


def test_names_that_are_no_text_break_no_page(site: Site, tmp_path: Path, viewer: Person) -> None:
    viewer.ask(f"/ipxe?mac={mac(3)}&hostname=%ff%00&%fe=%c3%28")
    for name in (b"groups/\xff<b>.json", b"profiles/a b%/\xfe.json", b"ignition/\xfd ?#.bu"):
        path = Path(os.fsdecode(bytes(tmp_path / "data") + b"/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"id": "x", "profile": "\\ud800"}')
    until(lambda: len(site.keeper.catalogue.groups) == 3)
    for address in ("/ui/", "/ui/?q=%ff", "/ui/groups", "/ui/profiles", "/ui/templates", f"/ui/machines/{mac(3)}"):
        document = viewer.read(address)
        assert "<!doctype html>" in document, document
        for link in re.findall(r'<a class="row" href="([^"]*)"', document):
            assert viewer.ask(html.unescape(link)).status == 200, link
