"""Lives of machines over a Site: what they are given and refused, and what is kept of them, as stories to be read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stoker.server.behind import open_files
from tests.server.conftest import until, write
from tests.server.town import CANARY, IPXE, Town, text_of

GOLDEN = Path(__file__).parent / "golden"
MAC, OTHER, THIRD = "52:54:00:00:00:0a", "52:54:00:00:00:0b", "52:54:00:00:00:0c"
URL = "http://stoker.example.com/ignition?mac=${mac:hexhyp}&token=${token}"
FILES = {
    "groups/install.json": json.dumps(
        {"profile": "install", "metadata": {"stoker.install": "once", "stoker.token": "required"}}
    ),
    "groups/node.json": json.dumps(
        {"profile": "node", "selector": {"os": "installed"}, "metadata": {"stoker.token": "required", "name": "node"}}
    ),
    "groups/plain.json": json.dumps(
        {"profile": "node", "selector": {"kind": "plain"}, "metadata": {"stoker.install": "once", "name": "plain"}}
    ),
    "groups/live.json": json.dumps({"profile": "node", "selector": {"kind": "live"}, "metadata": {"name": "live"}}),
    "groups/bare.json": json.dumps({"profile": "bare", "selector": {"kind": "bare"}}),
    "profiles/install.json": json.dumps(
        {"id": "install", "ignition_id": "install.bu", "boot": {"kernel": "k", "args": [f"ignition.config.url={URL}"]}}
    ),
    "profiles/node.json": json.dumps(
        {"id": "node", "ignition_id": "node.bu", "cloud_id": "c.yaml", "boot": {"kernel": "k"}}
    ),
    "profiles/bare.json": json.dumps({"id": "bare", "ignition_id": "bare.bu", "boot": {"kernel": "k"}}),
    "ignition/install.bu": """\
variant: fcos
version: 1.4.0
storage:
  files:
    - path: /etc/second
      contents:
        source: http://stoker.example.com/ignition?{{.request.raw_query}}&os=installed
""",
    "ignition/node.bu": """\
variant: fcos
version: 1.4.0
passwd:
  users:
    - name: core
      password_hash: secret://env/CORE
storage:
  files:
    - path: /etc/hostname
      contents:
        inline: {{.name}}
""",
    "ignition/bare.bu": """\
variant: fcos
version: 1.5.0
storage:
  files:
    - path: /etc/motd
      contents:
        inline: hello {{.request.query.hostname}}
""",
    "cloud/c.yaml": "#cloud-config\nhostname: {{.name}}\npassword: secret://file/core\n",
}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    write(tmp_path / "data", FILES)
    write(tmp_path / "secrets", {"core": CANARY + "\n"})
    with ExitStack() as stack:
        made = Town(tmp_path, stack.enter_context(open_files(tmp_path / "data", tmp_path / "state")))
        yield made
        made.close()


def test_the_life_of_a_machine_that_is_installed_once_with_a_token(town: Town) -> None:
    town.boots(f"mac={MAC}")
    town.now = 1010
    town.order(MAC, "reprovision")
    token = town.boots(f"mac={MAC}")
    town.now = 1030
    town.fetches(f"mac={MAC}")
    town.fetches(f"mac={MAC}&token=guessed")
    town.fetches(f"mac={OTHER}&token={token}")
    first = town.fetches(f"mac={MAC}&token={token}")
    town.now = 1040
    assert town.fetches(f"mac={MAC}&token={token}").body == first.body
    assert town.reports(MAC, token, "fetch", digest=hashlib.sha512(text_of(first).encode()).hexdigest()) == 204
    town.fetches(f"mac={MAC}&token={token}")
    town.now = 1100
    second = town.fetches(f"mac={MAC}&token={token}&os=installed")
    assert json.loads(text_of(second))["passwd"]["users"][0]["passwordHash"] == CANARY
    assert not town.machine(MAC).get("is_armed")
    town.now = 1130
    town.fetches(f"mac={MAC}&token={token}&os=installed")
    town.now = 1160
    town.fetches(f"mac={MAC}&token={token}&os=installed")
    assert town.reports(MAC, token, "up") == 204
    town.now = 2000
    town.boots(f"mac={MAC}")
    town.order(MAC, "retire")
    town.boots(f"mac={MAC}")
    assert town.story(MAC) == (GOLDEN / "life.txt").read_text()


def test_three_failed_installs_hold_a_machine_back_until_it_is_released(town: Town) -> None:
    query = f"mac={MAC}&kind=plain"
    for town.now in (1000.0, 2000.0, 3000.0, 4000.0):
        town.boots(query)
    assert town.machine(MAC)["state"] == "quarantined"
    town.fetches(query)
    town.order(MAC, "release")
    town.boots(query)
    town.reports(MAC, "", "install")
    town.boots(query)
    town.order(MAC, "quarantine")
    town.boots(query)
    assert town.story(MAC) == (GOLDEN / "quarantine.txt").read_text()


def test_a_second_token_is_an_alarm_and_ends_the_first(town: Town) -> None:
    town.boots(f"mac={MAC}")
    town.order(MAC, "reprovision")
    first = town.boots(f"mac={MAC}")
    second = town.boots(f"mac={MAC}")
    alarms = [event["text"] for event in events(town, MAC) if event.get("outcome") == "alarm"]
    assert alarms == ["a second token was put into its boot script: the first one went nowhere, or to somebody else"]
    assert town.fetches(f"mac={MAC}&token={first}").status == 403
    assert town.fetches(f"mac={MAC}&token={second}").status == 200


def test_a_config_that_changed_after_it_was_handed_out_is_not_handed_out_again(town: Town) -> None:
    token = armed(town)
    assert town.fetches(f"mac={MAC}&token={token}&os=installed").status == 200
    write(town.root / "secrets", {"core": "another"})
    write(town.root / "data", {"ignition/node.bu": FILES["ignition/node.bu"].replace("{{.name}}", "other")})
    town.refresh()
    assert town.fetches(f"mac={MAC}&token={token}&os=installed").status == 410
    assert events(town, MAC)[-1]["text"] == "asked again for a config that has changed since it was handed out"
    assert town.ask(f"/cloud?mac={MAC}&token={token}&os=installed").status == 200, "each kind counts for itself"


def test_who_names_nobody_is_given_nothing_that_is_demanded_for(town: Town) -> None:
    assert "ask with its `uuid` or `mac`" in text_of(town.ask("/ipxe", user_agent=IPXE))
    assert town.ask("/ipxe?kind=plain").status == 403
    assert town.ask("/ipxe?kind=live").status == 200
    assert town.ask("/ignition").status == 403


def test_grub_is_given_no_token_and_led_to_the_disk(town: Town) -> None:
    armed(town)
    refused = town.ask(f"/grub?mac={MAC}")
    assert (refused.status, "by iPXE" in text_of(refused)) == (403, True)
    assert text_of(town.ask(f"/grub?mac={OTHER}&kind=plain")).startswith("default=0")
    town.reports(OTHER, "", "up")
    assert town.ask(f"/grub?mac={OTHER}&kind=plain").body == b"exit\n"


# accept, mac -> status, the version of the config
VERSIONS = {
    "as the source says it": ("", 200, "3.4.0"),
    "as other clients ask": ("*/*", 200, "3.4.0"),
    "as Ignition asks": ("application/vnd.coreos.ignition+json;version=3.5.0, */*;q=0.1", 200, "3.5.0"),
    "an older one": ("application/vnd.coreos.ignition+json;version=3.3.0", 200, "3.3.0"),
    "an experimental one": (
        "application/vnd.coreos.ignition+json;version=3.7.0-experimental",
        200,
        "3.7.0-experimental",
    ),
    "one that nobody knows": (
        "application/vnd.coreos.ignition+json;version=1.0.0",
        406,
        "the client accepts Ignition `1.0.0`: configs are written in",
    ),
}


@pytest.mark.parametrize("accept, status, found", VERSIONS.values(), ids=VERSIONS)
def test_a_client_is_given_the_version_that_it_reads(town: Town, accept: str, status: int, found: str) -> None:
    response = town.fetches(f"mac={MAC}&kind=bare&hostname=a", accept)
    assert response.status == status
    document = json.loads(text_of(response))
    said = document["detail"] if status == 406 else document["ignition"]["version"]
    assert said.startswith(found)


def test_what_a_version_cannot_say_is_refused_with_each_loss(town: Town) -> None:
    luks = "variant: fcos\nversion: 1.5.0\nstorage:\n  luks:\n    - {name: a, device: /dev/a, discard: true}\n"
    write(town.root / "data", {"ignition/bare.bu": luks})
    town.refresh()
    response = town.fetches(f"mac={MAC}&kind=bare&hostname=a", "application/vnd.coreos.ignition+json;version=3.3.0")
    document = json.loads(text_of(response))
    assert (response.status, len(document["errors"]) > 1) == (406, True)
    assert (
        document["detail"] == "the config is Ignition `3.4.0`, and cannot be said in `3.3.0`, which the client asks for"
    )


def test_an_event_says_which_line_it_is_about_and_two_failures_hold_the_template(town: Town) -> None:
    macs = (MAC, OTHER, THIRD)
    for mac in macs[:2]:
        town.boots(f"mac={mac}&kind=live")
        sent = town.fetches(f"mac={mac}&kind=live").body
        assert isinstance(sent, bytes)
        report = {"outcome": "failed", "digest": hashlib.sha512(sent).hexdigest(), "pointer": ["passwd", "users", 0]}
        town.reports(mac, town.operator, "files", text="no such group", **report)
        failed = [event for event in events(town, mac) if event["stage"] == "files"]
        assert failed[-1]["text"] == "no such group (ignition/node.bu:5)"
        receipts = town.as_operator(f"/api/v1/machines/{mac}/receipts")["receipts"]
        assert failed[-1]["digest"] == receipts[-1]["config"] != report["digest"], "what was sent had a secret in it"
    reason = (
        f"`ignition/node.bu` is held: `{MAC}` and `{OTHER}` failed at `$.passwd.users.0` of what it makes;"
        " change it, or release it"
    )
    assert [event["text"] for event in events(town, OTHER) if event["stage"] == "hold"] == [reason.partition(";")[0]]
    assert reason in text_of(town.ask(f"/ipxe?mac={THIRD}&kind=live", user_agent=IPXE))
    assert town.machine(THIRD)["refusal"] == reason
    assert town.fetches(f"mac={THIRD}&kind=live").status == 403
    assert town.as_operator(f"/api/v1/match?mac={THIRD}&kind=live")["refusal"] == reason
    assert town.ask(f"/ipxe?mac={MAC}&kind=live").body == b"#!ipxe\nkernel k\nboot\n", "those that failed try again"
    until(lambda: not town.site.keeper.holding.waiting)
    town.as_operator("/api/v1/holds/ignition/node.bu", "DELETE")
    assert town.ask(f"/ipxe?mac={THIRD}&kind=live").status == 200
    assert town.as_operator("/api/v1/holds")["holds"][0]["released_by"] == "ada"


def test_a_hold_ends_when_the_template_changes_and_outlives_the_server(town: Town) -> None:
    hold(town)
    until(lambda: not town.site.keeper.waiting() and not town.site.keeper.holding.waiting)
    town = town.again()
    assert town.ask(f"/ipxe?mac={THIRD}&kind=bare&hostname=a").status == 403
    write(town.root / "data", {"ignition/bare.bu": FILES["ignition/bare.bu"] + "# mended\n"})
    town.refresh()
    assert town.ask(f"/ipxe?mac={THIRD}&kind=bare&hostname=a").status == 200
    assert not town.as_operator("/api/v1/holds")["holds"][0]["is_current"]


def test_lines_are_found_after_a_restart(town: Town) -> None:
    town.boots(f"mac={MAC}&kind=bare&hostname=a")
    digest = sent_digest(town, f"mac={MAC}&kind=bare&hostname=a")
    until(lambda: not town.site.keeper.waiting())
    again = town.again()
    again.reports(MAC, "", "files", outcome="failed", digest=digest, pointer=["storage", "files", 0, "path"])
    assert events(again, MAC)[-1]["text"] == "files (ignition/bare.bu:5)"


def test_failures_that_nobody_vouches_for_are_shown_and_hold_nothing(town: Town) -> None:
    for mac in (MAC, OTHER):
        town.boots(f"mac={mac}&kind=bare&hostname=a")
        digest = sent_digest(town, f"mac={mac}&kind=bare&hostname=a")
        for _ in range(4):
            town.reports(mac, "", "files", outcome="failed", digest=digest, pointer=["storage", "files", 0])
        shown = town.machine(mac)
        assert (shown["state"], shown.get("failures", 0), shown["failure"]) == (
            "provisioning",
            0,
            "files: files (ignition/bare.bu:5)",
        )
    assert town.as_operator("/api/v1/holds") == {"holds": []}


def test_the_token_of_the_boot_script_vouches_for_its_machine_alone(town: Town) -> None:
    token = armed(town)
    town.ask(f"/ipxe?mac={OTHER}&kind=bare&hostname=a")
    assert town.reports(OTHER, token, "files", outcome="failed") == 401
    assert town.reports(MAC, "guessed", "files", outcome="failed") == 401
    assert town.reports(MAC, "", "install") == 204
    assert town.machine(MAC)["state"] == "installing", "it is armed and has a token: it can show that it is itself"
    assert town.reports(MAC, token, "files", outcome="failed") == 204
    assert (town.machine(MAC)["state"], town.machine(MAC)["failures"]) == ("failed", 1)
    assert town.ask(f"/api/v1/machines/{MAC}", authorization=f"Bearer {token}").status == 401


def test_an_inventory_names_addresses_only_where_somebody_vouches_for_them(town: Town) -> None:
    inventory = {"memory": 1 << 30, "interfaces": [{"name": "eth1", "mac": OTHER}]}
    path = f"/api/v1/machines/{MAC}/inventory"
    town.boots(f"mac={MAC}&kind=bare&hostname=a")
    assert town.ask(path, "PUT", inventory).status == 204
    assert (town.machine(MAC)["inventory"]["memory"], town.machine(MAC)["macs"]) == (1 << 30, [MAC])
    town.as_operator(path, "PUT", inventory)
    assert town.machine(OTHER)["macs"] == [MAC, OTHER]
    refused = town.ask(path, "PUT", {"memory": "much"})
    assert (refused.status, "not an inventory" in text_of(refused)) == (422, True)
    assert town.ask("/api/v1/machines/x/inventory", "PUT", inventory).status == 404


def test_without_the_store_no_token_is_made_or_used_and_others_are_served(town: Town) -> None:
    token = armed(town)
    town.store.is_away = True
    away = town.fetches(f"mac={MAC}&token={token}")
    assert (away.status, dict(away.headers)["retry-after"]) == (503, "5")
    shown = town.ask(f"/ipxe?mac={MAC}", user_agent=IPXE)
    assert (shown.status, "it takes a token: the store is away" in text_of(shown)) == (200, True)
    assert town.ask(f"/ipxe?mac={MAC}").status == 503
    assert town.fetches(f"mac={OTHER}&kind=live").status == 200
    assert town.ask(f"/ipxe?mac={THIRD}&kind=plain").status == 200
    assert town.fetches(f"mac={MAC}&token=guessed").status == 403
    town.store.is_away = False
    first = town.fetches(f"mac={MAC}&token={token}")
    assert first.status == 200, "nothing of the token was used"


SECRETS = {
    "what is not there": ("secret://env/NONE", "the variable `STOKER_SECRET_NONE` is not set"),
    "what a machine asks with": ("{{.request.query.hostname}}", "neither the template nor the metadata"),
}


@pytest.mark.parametrize("written, reason", SECRETS.values(), ids=SECRETS)
def test_a_secret_that_is_not_to_be_had_is_an_error_that_names_its_reference(
    town: Town, written: str, reason: str
) -> None:
    text = FILES["ignition/bare.bu"].replace("{{.request.query.hostname}}", written)
    write(town.root / "data", {"ignition/bare.bu": text})
    town.refresh()
    response = town.fetches(f"mac={MAC}&kind=bare&hostname=secret://env/CORE")
    assert (response.status, reason in text_of(response), CANARY in text_of(response)) == (500, True, False)
    assert events(town, MAC)[-1]["outcome"] == "failed"


def test_what_has_a_secret_or_a_token_is_neither_signed_nor_cached(town: Town) -> None:
    response = town.fetches(f"mac={MAC}&kind=live")
    assert dict(response.headers)["cache-control"] == "no-store"


def test_no_secret_and_no_token_is_anywhere_but_in_what_was_sent(town: Town) -> None:
    stream = town.site.stream
    token = armed(town)
    sent = [town.ask(f"/{path}?mac={MAC}&os=installed&%74oken={token}") for path in ("ignition", "cloud")]
    assert all(response.status == 200 and CANARY in text_of(response) for response in sent)
    town.ask(f"/ignition?mac={MAC}&token={token}&kind=plain&os=x")
    town.ask(f"/nothing?token={token}")
    town.ask(f"/metadata?mac={MAC}&kind=live&token={token}")
    digest = hashlib.sha512(text_of(sent[0]).encode()).hexdigest()
    town.reports(MAC, token, "files", outcome="failed", digest=digest, pointer=["passwd", "users", 0, "passwordHash"])
    until(lambda: not town.site.keeper.waiting())
    town.store.is_away = True
    town.ask(f"/ignition?mac={OTHER}&kind=live&token={token}")
    town.ask(f"/ignition?mac={MAC}&token={token}&os=installed")
    until(lambda: town.site.keeper.is_away)
    town.ask(f"/ignition?mac={THIRD}&kind=live&token={token}")
    shown = [
        text_of(town.ask(path, authorization=f"Bearer {town.operator}"))
        for name in (MAC, OTHER, THIRD)
        for path in (f"/api/v1/machines/{name}", f"/api/v1/machines/{name}/events", f"/api/v1/machines/{name}/receipts")
    ]
    shown += [text_of(town.ask(path, authorization=f"Bearer {town.operator}")) for path in LISTS]
    shown += [text_of(town.ask(f"/metadata?mac={MAC}&kind=live&token={token}")), repr(town.face.stock.traces.makings)]
    shown += [repr(list(stream.ring)), *town.log]
    files = {path: path.read_bytes() for path in (town.root / "state").rglob("*") if path.is_file()}
    assert any(b"machine" in data for data in files.values())
    assert any(data for path, data in files.items() if "spool" in str(path))
    for secret in (CANARY, token, digest):
        assert not [text for text in shown if secret in text]
        assert not [path for path, data in files.items() if secret.encode() in data]


LISTS = ("/api/v1/machines", "/api/v1/audit", "/api/v1/holds", "/api/v1/findings", "/metrics")


def armed(town: Town) -> str:
    """A machine that has its boot script; the token in that."""
    town.boots(f"mac={MAC}")
    town.order(MAC, "reprovision")
    return town.boots(f"mac={MAC}")


def events(town: Town, mac: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = town.as_operator(f"/api/v1/machines/{mac}/events")["events"]
    return found


def sent_digest(town: Town, query: str) -> str:
    return hashlib.sha512(text_of(town.fetches(query)).encode()).hexdigest()


def hold(town: Town) -> None:
    """Have two machines fail alike."""
    for mac in (MAC, OTHER):
        town.boots(f"mac={mac}&kind=bare&hostname=a")
        digest = sent_digest(town, f"mac={mac}&kind=bare&hostname=a")
        town.reports(mac, town.operator, "files", outcome="failed", digest=digest, pointer=["storage", "files", 0])


@pytest.fixture
def other(town: Town) -> Iterator[Town]:
    """Another server on the same store, with the same key."""
    made = Town(town.root, town.behind._replace(spool=None))
    yield made
    made.close()


def test_a_token_that_one_server_made_is_known_to_all(town: Town, other: Town) -> None:
    token = armed(town)
    path = f"/api/v1/machines/{MAC}/events"
    until(lambda: b"a token was put" in bytes(other.ask(path, authorization=f"Bearer {other.operator}").body))
    first = other.fetches(f"mac={MAC}&token={token}")
    assert first.status == 200
    until(lambda: town.machine(MAC)["state"] == other.machine(MAC)["state"] and receipts(town) == receipts(other))
    assert town.fetches(f"mac={MAC}&token={token}").body == first.body
    assert town.reports(MAC, token, "fetched") == 204
    until(lambda: "fetched" in other.timeline(MAC))
    until(lambda: other.fetches(f"mac={MAC}&token={token}").status == 410)
    assert other.fetches(f"mac={MAC}&token=guessed").status == 403


def test_failures_that_two_servers_are_told_hold_a_template_on_both(town: Town, other: Town) -> None:
    for server, mac in ((town, MAC), (other, OTHER)):
        server.boots(f"mac={mac}&kind=bare&hostname=a")
        digest = sent_digest(server, f"mac={mac}&kind=bare&hostname=a")
        server.reports(mac, server.operator, "files", outcome="failed", digest=digest, pointer=["storage", "files", 0])
    for server in (town, other):
        until(lambda server=server: server.ask(f"/ipxe?mac={THIRD}&kind=bare&hostname=a").status == 403)
    until(lambda: not other.site.keeper.holding.waiting and not town.site.keeper.holding.waiting)
    until(lambda: town.site.keeper.holding.revisions == other.site.keeper.holding.revisions)
    town.as_operator("/api/v1/holds/ignition/bare.bu", "DELETE")
    until(lambda: other.ask(f"/ipxe?mac={THIRD}&kind=bare&hostname=a").status == 200)


def receipts(town: Town) -> object:
    return town.as_operator(f"/api/v1/machines/{MAC}/receipts")


def test_what_is_no_text_is_kept_as_text(town: Town) -> None:
    assert town.ask(f"/ipxe?mac={MAC}&kind=plain&hostname=%ff%fe").status == 200
    assert town.ask(f"/ignition?mac={MAC}&kind=live&hostname=%ff").status == 200
    until(lambda: not town.site.keeper.waiting())
    assert town.machine(MAC)["labels"]["hostname"] == "?"
