"""What is handed over for a config and is something else: what it is named as, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.butane import compile_document
from stoker.cli.inputs import Input

BUTANE = "variant: fcos\nversion: 1.5.0\n"

# text -> the codes, each with its line and column
NAMED = {
    "a compressed file": ("\x1f\x8b\x08\0\0\0", ["binary:1:1"]),
    "a text with a zero far below": (f"a: b\n{'# x' * 400}\n\0", ["yaml-syntax:3:1"]),
    "a script": ("#!/bin/bash\necho: 1\n", ["script:1:1"]),
    "a list for cloud-init": ("#include\nhttps://example.com/a\n", ["cloud-include:1:1"]),
    "a list for cloud-init, once": ("#include-once https://example.com/a\n", ["cloud-include:1:1"]),
    "a hook for cloud-init": ("#cloud-boothook\n#!/bin/sh\necho\n", ["script:1:1"]),
    "an archive for cloud-init": (
        'Content-Type: multipart/mixed; boundary="="\nMIME-Version: 1.0\n\n--=\nContent-Type: text/x\n\nx\n--=--\n',
        ["cloud-archive:1:1"],
    ),
    "an archive with the version first": (
        "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--=\n",
        ["cloud-archive:1:1"],
    ),
    "an archive from a mailbox": (
        "From nobody Fri Jan 11\nContent-Type: multipart/mixed\n\n--=\n",
        ["cloud-archive:1:1"],
    ),
    "Butane below such a comment": (f"#include\n{BUTANE}", []),
    "Terraform": ('# x\n\nresource "a" "b" {\n}\n', ["terraform:3:1"]),
    "Terraform's settings": ("terraform {\n}\n", ["terraform:1:1"]),
    "TOML": ('# x\n[[settings.a]]\nb = "c"\n', ["toml:2:1"]),
    "a bare list": ("[a, b]\n", ["wrong-type:1:1"]),
    "Kubernetes": ("kind: Pod\napiVersion: v1\n", ["kubernetes:1:1"]),
    "a template in YAML": ("passwd:\n  users:\n    - name: {{ name }}\n", ["template-field:3:13"]),
    "a template around YAML": ("{% if a %}\npasswd: {}\n{% endif %}\n", ["template-field:1:1"]),
    "a template in Butane": (f"{BUTANE}storage: {{{{.storage}}}}\n", ["template-field:3:10"]),
    "a variable of another type": (
        f"{BUTANE}variables: {{a: {{type: string, default: b}}}}\nkernel_arguments: ${{{{ a }}}}\n",
        ["wrong-type:4:19"],
    ),
    "a variable of another type beside a field": (
        f"{BUTANE}variables: {{a: {{type: string, default: b}}}}\nstorage: [${{{{ a }}}}, {{{{ b }}}}]\n",
        ["template-field:4:21"],
    ),
    "a field between quotes": ('passwd: {users: [{name: "{{ name }}"}]}\n', []),
    "a field in a text": (
        f"{BUTANE}storage: {{files: [{{path: 'x {{{{.ID}}}}'}}]}}\n",
        ["relative-path:3:26"],
    ),
    "Butane that can be run": (f"#!/usr/bin/env butane\n{BUTANE}", []),
    "Butane that can be run, without a version": ("#!/usr/bin/env butane\nvariant: fcos\n", ["no-version:2:1"]),
    "only comments": ("# a\n" * 5000, ["no-variant:1:1"]),
}


@pytest.mark.parametrize(("text", "codes"), NAMED.values(), ids=NAMED)
def test_named(text: str, codes: list[str]) -> None:
    report = compile_document(text.encode(), file="x").report
    found = [entry for entry in report if entry.severity != "info"]
    places = [entry.place for entry in found]
    assert [
        f"{entry.code}:{place.line}:{place.column}" for entry, place in zip(found, places, strict=True) if place
    ] == codes


def test_a_field_is_looked_for_in_the_fragment_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "base.bu").write_text(f"{BUTANE}storage: {{files: [{{path: /a, contents: {{{{.c}}}}}}]}}\n")
    text = f"{BUTANE}include: [{{path: base.bu}}]\n"
    report = compile_document(text.encode(), file=str(tmp_path / "web.bu"), files_dir=str(tmp_path)).report
    found = [(entry.code, str(entry.place)) for entry in report if entry.is_error]
    assert found == [("template-field", f"{tmp_path}/base.bu:3:40")]


def test_a_template_is_no_json() -> None:
    assert not Input("x", b"{{#if a}}\n{{/if}}").is_ignition
    assert Input("x", b'{"ignition": {"version": "3.4.0"}}').is_ignition
