"""What machines are answered, byte for byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stoker.machines import (
    Answer,
    Asker,
    Catalogue,
    check_ignition,
    read_catalogue,
    refusal_script,
    render_cloud,
    render_config,
    render_generic,
    render_grub,
    render_metadata,
    render_script,
)
from stoker.machines.cloud import check_cloud
from stoker.report import Message, Place, Report, Severity
from tests.machines.conftest import MakeSnapshot

CONFIG = '{"ignition": {"version": "3.4.0"}}'
FILES = {
    "groups/boot.json": '{"profile": "boot", "selector": {"case": "boot"}}',
    "groups/bare.json": '{"profile": "bare", "selector": {"case": "bare"}}',
    "groups/lost.json": '{"profile": "nowhere", "selector": {"case": "lost"}}',
    "groups/raw.json": '{"profile": "raw", "selector": {"case": "raw"}}',
    "groups/rawbad.json": '{"profile": "rawbad", "selector": {"case": "rawbad"}}',
    "groups/bu.json": '{"profile": "bu", "selector": {"case": "bu"}, "metadata": {"name": "web", "n": 3, "bad": "no"}}',
    "groups/bubad.json": """{"profile": "bu", "selector": {"case": "bubad"},
        "metadata": {"name": "web", "bad": "REFUSE"}}""",
    "groups/bumissing.json": '{"profile": "bu", "selector": {"case": "bumissing"}}',
    "groups/json.json": '{"profile": "json", "selector": {"case": "json"}}',
    "groups/gone.json": '{"profile": "gone", "selector": {"case": "gone"}}',
    "groups/meta.json": """{"profile": "bare", "selector": {"case": "meta", "Os": "x"}, "metadata": {
        "a": "1", "n": 1000000, "half": 0.5, "t": true, "nul": null, "l": [1], "in": {"b-c": "d", "deep": {"e": 2}},
        "request": "overridden", "os": "overridden", "nl": "1\\n2"}}""",
    "profiles/boot.json": """{"id": "boot", "boot": {"kernel": "/assets/vmlinuz", "initrd": ["/assets/a", "--name b c"],
        "args": ["console=ttyS0", "url={{.mac}}", ""]}}""",
    "groups/texts.json": '{"profile": "texts", "selector": {"case": "texts"}, "metadata": {"name": "web"}}',
    "groups/badtexts.json": '{"profile": "badtexts", "selector": {"case": "badtexts"}}',
    "profiles/texts.json": '{"id": "texts", "cloud_id": "c", "generic_id": "g.ign", "ignition_id": "broken.bu"}',
    "profiles/badtexts.json": '{"id": "badtexts", "cloud_id": "plain", "generic_id": "../groups/boot.json"}',
    "cloud/c": "#cloud-config \nhostname: {{.name}}\n",
    "cloud/plain": "hostname: x\n",
    "generic/g.ign": "{{.name}} {{.case}}",
    "ignition/broken.bu": "a: 1\n{{if}}\n",
    "profiles/bare.json": '{"id": "bare"}',
    "profiles/raw.json": '{"id": "raw", "ignition_id": "raw.ign", "boot": {}}',
    "profiles/rawbad.json": '{"id": "rawbad", "ignition_id": "bad.ignition"}',
    "profiles/bu.json": '{"id": "bu", "ignition_id": "t.bu"}',
    "profiles/json.json": '{"id": "json", "ignition_id": "json.tmpl"}',
    "profiles/gone.json": '{"id": "gone", "ignition_id": "gone.bu"}',
    "ignition/raw.ign": CONFIG + "\n{{not a template}}"[:1],
    "ignition/bad.ignition": '{"ignition": {}}',
    "ignition/t.bu": "variant: x\n{{range .request.query}}# {{.}}\n{{end}}name: {{.name}}\nlast: {{.bad}}\n",
    "ignition/json.tmpl": ' {"ignition": {"version": "3.4.0"}, "case": "{{.case}}"}',
}


@pytest.fixture
def catalogue(make_snapshot: MakeSnapshot) -> Catalogue:
    return read_catalogue(make_snapshot(FILES))[0]


def ask(case: str) -> Asker:
    return Asker({"case": case, "mac": "52:54:00:a1:9c:ae"}, f"case={case}&mac=525400a19cae")


def compile_config(text: bytes, file: str) -> tuple[bytes | None, Report]:
    """Stands for a compiler: gives the text back, or refuses the line that says so."""
    report = Report()
    for number, line in enumerate(text.split(b"\n"), 1):
        if b"REFUSE" in line:
            report.add(Severity.ERROR, Message("refused", "this line is refused"), place=Place(file, number, 7))
    return (None if report.has_errors else b"compiled " + text), report


def config(catalogue: Catalogue, case: str) -> Answer:
    return render_config(catalogue, ask(case), compile_config, check_ignition)


def lines(answer: Answer) -> list[str]:
    return [f"{entry.place or '-'}: {entry.message}" for entry in answer.report]


def test_a_script_is_what_the_profile_says(catalogue: Catalogue) -> None:
    answer = render_script(catalogue, ask("boot"))
    assert answer == Answer(answer.body, answer.report, "boot", "boot")
    assert answer.body == (
        b"#!ipxe\nkernel /assets/vmlinuz console=ttyS0 url={{.mac}} \ninitrd /assets/a\ninitrd --name b c\nboot\n"
    )


GRUB = """default=0
fallback=1
timeout=1
menuentry "CoreOS (EFI)" {
echo "Loading kernel"
linuxefi "/assets/vmlinuz" console=ttyS0 url={{.mac}}_
echo "Loading initrd"
initrdefi  "/assets/a" "--name b c"
}
menuentry "CoreOS (BIOS)" {
echo "Loading kernel"
linux "/assets/vmlinuz" console=ttyS0 url={{.mac}}_
echo "Loading initrd"
initrd  "/assets/a" "--name b c"
}
"""


def test_grub_boots_it_with_either_firmware(catalogue: Catalogue) -> None:
    answer = render_grub(catalogue, ask("boot"))
    assert answer.body is not None
    assert answer.body.decode() == GRUB.replace("_", " ")  # an empty argument leaves its blank


TEXTS = [
    (render_cloud, "texts", "#cloud-config \nhostname: web\n", []),
    (render_generic, "texts", "web texts", []),
    (
        render_cloud,
        "badtexts",
        None,
        ["/data/cloud/plain:1:1: neither a cloud-config nor a script"],
    ),
    (
        render_generic,
        "badtexts",
        None,
        ["-: profile `badtexts` names `generic/../groups/boot.json`: there is no such file"],
    ),
    (render_cloud, "boot", None, ["-: profile `boot` has no `cloud_id`"]),
    (render_generic, "boot", None, ["-: profile `boot` has no `generic_id`"]),
    (render_grub, "bare", None, ["-: profile `bare` has no `boot`"]),
]


@pytest.mark.parametrize(
    "render, case, expected, findings", TEXTS, ids=[f"{row[0].__name__} {row[1]}" for row in TEXTS]
)
def test_other_texts(
    catalogue: Catalogue,
    render: Callable[[Catalogue, Asker], Answer],
    case: str,
    expected: str | None,
    findings: list[str],
) -> None:
    answer = render(catalogue, ask(case))
    assert (answer.body, lines(answer)) == (None if expected is None else expected.encode(), findings)


def test_a_template_that_cannot_be_read_says_why(catalogue: Catalogue) -> None:
    answer = config(catalogue, "texts")
    assert answer.body is None
    assert lines(answer) == ["/data/ignition/broken.bu:2:5: template: broken.bu:2: missing value for if"]


CLOUDS = [
    ("#!/bin/sh\n", []),
    ("#!", []),
    ("#cloud-config", []),
    ("#cloud-config\r\na: 1", []),
    ("#cloud-config\n- a\n", []),
    ("#cloud-config\nfoo: {bar\n", ["f"]),
    (" #cloud-config\n", ["f:1:1"]),
    ("#cloud-configs\n", ["f:1:1"]),
    ("", ["f:1:1"]),
    ("\n#!/bin/sh\n", ["f:1:1"]),
]


@pytest.mark.parametrize("text, expected", CLOUDS, ids=[repr(text) for text, _ in CLOUDS])
def test_check_cloud(text: str, expected: list[str]) -> None:
    places = [str(entry.place) for entry in check_cloud(text.encode(), "f")]
    assert len(places) == len(expected)
    assert all(place.startswith(wanted) for place, wanted in zip(places, expected, strict=True))


def test_an_empty_boot_is_a_script_all_the_same(catalogue: Catalogue) -> None:
    assert render_script(catalogue, ask("raw")).body == b"#!ipxe\nkernel \nboot\n"


def test_metadata_is_flat(catalogue: Catalogue) -> None:
    answer = render_metadata(catalogue, Asker({"case": "meta", "Os": "x"}, "case=meta&Os=x"))
    assert answer.body is not None
    assert answer.body.decode().splitlines() == [
        "A=1",
        "N=1e+06",
        "HALF=0.5",
        "T=true",
        "IN_B-C=d",
        "IN_DEEP_E=2",
        "REQUEST_QUERY_CASE=meta",
        "REQUEST_QUERY_OS=x",
        "REQUEST_RAW_QUERY=case=meta&Os=x",
        "OS=x",
        "NL=1",
        "2",
        "CASE=meta",
    ]


CONFIGS = [
    ("raw", FILES["ignition/raw.ign"]),
    ("bu", "compiled variant: x\n# bu\n# 52:54:00:a1:9c:ae\nname: web\nlast: no\n"),
    ("json", ' {"ignition": {"version": "3.4.0"}, "case": "json"}'),
]


@pytest.mark.parametrize("case, expected", CONFIGS, ids=[case for case, _ in CONFIGS])
def test_a_config(catalogue: Catalogue, case: str, expected: str) -> None:
    answer = config(catalogue, case)
    assert answer.body == expected.encode(), lines(answer)


REFUSED = [
    ("bubad", ["/data/ignition/t.bu:4:7: this line is refused"]),
    (
        "bumissing",
        [
            (
                '/data/ignition/t.bu:3:16: template: t.bu:3:15: executing "t.bu" at <.name>: '
                'map has no entry for key "name"'
            )
        ],
    ),
    ("rawbad", ["/data/ignition/bad.ignition:1:1: not an Ignition config: it names no `ignition.version`"]),
    ("gone", ["-: profile `gone` names `ignition/gone.bu`: there is no such file"]),
    ("bare", ["-: profile `bare` has no `ignition_id`"]),
    ("lost", ["-: group `lost` names profile `nowhere`: there is none"]),
]


@pytest.mark.parametrize("case, expected", REFUSED, ids=[case for case, _ in REFUSED])
def test_a_refusal_says_why(catalogue: Catalogue, case: str, expected: list[str]) -> None:
    answer = config(catalogue, case)
    assert answer.body is None
    assert not answer.is_unmatched
    assert lines(answer) == expected


def test_no_match_names_the_closest_rules(make_snapshot: MakeSnapshot) -> None:
    files = {f"groups/g{number}.json": f'{{"selector": {{"mac": "52540000000{number}"}}}}' for number in range(9)}
    catalogue, _ = read_catalogue(make_snapshot(files))
    answer = render_script(catalogue, Asker({"mac": "52:54:00:00:00:ff", "uuid": ""}))
    assert answer.is_unmatched
    assert len(answer.report) == 6
    assert refusal_script(answer).splitlines()[:4] == [
        "#!ipxe",
        "echo stoker has nothing to boot here:",
        "echo no group matches `mac=52:54:00:00:00:ff`",
        "echo group `g8`: `mac` must be `52:54:00:00:00:08`, it has `52:54:00:00:00:ff`",
    ]


HOSTILE = [
    ("a\nboot", "a?boot"),
    ("${net0/mac}", "$ {net0/mac}"),
    ("a || reboot && x # y", "a   reboot   x   y"),
    ("é", "?"),
]


@pytest.mark.parametrize("value, shown", HOSTILE, ids=[value for value, _ in HOSTILE])
def test_what_a_client_sent_is_not_run_by_the_script(make_snapshot: MakeSnapshot, value: str, shown: str) -> None:
    catalogue, _ = read_catalogue(make_snapshot({}))
    script = refusal_script(render_script(catalogue, Asker({"x": value})))
    assert script.splitlines()[2] == f"echo no group matches `x={shown}`"


VERSIONS = [
    (CONFIG, []),
    ('{"ignition": {"version": "3.7.0-experimental"}}', []),
    ('{"ignition": {"version": 3}}', ["f:1:1: not an Ignition config: `ignition.version` is `3`"]),
    ("[]", ["f:1:1: not an Ignition config: it names no `ignition.version`"]),
    ('{\n"a" 1}', ["f:2:5: not an Ignition config: Expecting ':' delimiter"]),
    ("\xff", ["f:1:1: not an Ignition config: Expecting value"]),
    ("[" * 100_000, ["f:1:1: not an Ignition config: it names no `ignition.version`"]),
]


@pytest.mark.parametrize("text, expected", VERSIONS, ids=[text[:30] for text, _ in VERSIONS])
def test_check_ignition(text: str, expected: list[str]) -> None:
    assert lines(Answer(None, check_ignition(text.encode(), "f"))) == expected


SITE = {
    "groups/a.json": '{"profile": "p", "selector": {"mac": "52:54:00:00:00:01"}, "metadata": {"n": "1"}}',
    "profiles/p.json": '{"id": "p", "ignition_id": "a.bu"}',
    "ignition/a.bu": "{{.n}} {{.request.raw_query}}",
}
# What is changed between two requests: the files, the query -> what comes then, and whether it was rendered anew.
AGAIN = {
    "nothing": ({}, "mac=52-54-00-00-00-01", "1 mac=52-54-00-00-00-01", False),
    "another file": ({"profiles/q.json": '{"id": "q"}'}, "mac=52-54-00-00-00-01", "1 mac=52-54-00-00-00-01", False),
    "its group": (
        {"groups/a.json": SITE["groups/a.json"].replace('"1"', '"2"')},
        "mac=52-54-00-00-00-01",
        "2 mac=52-54-00-00-00-01",
        True,
    ),
    "its template": ({"ignition/a.bu": "new {{.n}}"}, "mac=52-54-00-00-00-01", "new 1", True),
    "a template that breaks": ({"ignition/a.bu": "{{"}, "mac=52-54-00-00-00-01", "1 mac=52-54-00-00-00-01", False),
    "the query": ({}, "mac=52:54:00:00:00:01", "1 mac=52:54:00:00:00:01", True),
}


@pytest.mark.parametrize(("changed", "query", "body", "is_new"), AGAIN.values(), ids=AGAIN)
def test_a_config_is_rendered_again_when_what_it_is_made_of_has_changed(
    make_snapshot: MakeSnapshot, changed: dict[str, str], query: str, body: str, *, is_new: bool
) -> None:
    def compiled(text: bytes, _file: str) -> tuple[bytes | None, Report]:
        return text, Report()

    first, _ = read_catalogue(make_snapshot(SITE))
    asker = Asker({"mac": "52:54:00:00:00:01"}, "mac=52-54-00-00-00-01")
    render_config(first, asker, compiled, check_ignition)
    second, _ = read_catalogue(make_snapshot({**SITE, **changed}), first)
    answer = render_config(second, Asker(asker.labels, query), compiled, check_ignition)
    assert answer.body == body.encode()
    assert (second.rendered.misses, second.rendered.hits) == ((2, 0) if is_new else (1, 1))


def test_what_is_served_while_a_file_is_broken_is_not_taken_for_another_one(make_snapshot: MakeSnapshot) -> None:
    asker = Asker({"mac": "52:54:00:00:00:01"}, "mac=52-54-00-00-00-01")
    catalogue, _ = read_catalogue(make_snapshot(SITE))
    bodies = []
    for text in ("first {{.n}}", "{{", "second {{.n}}", "{{"):
        catalogue, _ = read_catalogue(make_snapshot({**SITE, "ignition/a.bu": text}), catalogue)
        bodies.append(render_config(catalogue, asker, lambda text, _file: (text, Report()), check_ignition).body)
    assert bodies == [b"first 1", b"first 1", b"second 1", b"second 1"]
