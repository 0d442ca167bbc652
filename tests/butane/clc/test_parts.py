"""The smaller arts: sizes, URLs, dynamic data; and that no text of any kind makes it fall over."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.butane.clc import compile_clc
from stoker.butane.clc.disks import SizeError, mebibytes
from stoker.butane.clc.urls import rewrite
from stoker.butane.documents import SECTIONS
from stoker.report import Report
from stoker.schema.clc import Config
from stoker.schema.decode import rows
from stoker.schema.platforms import PLATFORMS
from stoker.schema.specs import CLC
from tests.butane.clc.golden import ALL

SIZES: dict[str, int | str | None] = {
    "": None,
    "0": 0,
    "-0": 0,
    "1MiB": 1,
    "1MB": 1,
    "20GiB": 20480,
    "1.5GiB": 1536,
    ".5GiB": 512,
    "1GiB512MiB": 1536,
    "+2TiB": 2 << 20,
    "1048576B": 1,
    "1PiB": 1 << 30,
    "1GiB512MB": "size-unit",
    "1": "size-unit",
    "1 GiB": "size-unit",
    "1gib": "size-unit",
    "GiB": "size-invalid",
    ".GiB": "size-invalid",
    "-": "size-invalid",
    "+": "size-invalid",
    "9" * 400 + "B": "size-invalid",
    "1.1.1GiB": "size-unit",
    "16EB": "size-overflow",
    "16EiB": "size-unit",
    "-1GiB": "size-negative",
    "1KiB": "size-uneven",
    "1.0000001GiB": "size-uneven",
}


@pytest.mark.parametrize("text", SIZES)
def test_a_size(text: str) -> None:
    try:
        found: int | str | None = mebibytes(text)
    except SizeError as error:
        found = error.message.code
    assert found == SIZES[text]


URLS = {
    "http://h": "http://h",
    "HTTPS://H/%41": "https://H/%41",
    "http://h/%41 b": "http://h/A%20b",
    "http://h/a?q=a b#f g": "http://h/a?q=a b#f%20g",
    "http://h/#": "http://h/",
    "http://é/é": "http://%C3%A9/%C3%A9",
    "http://u:p@h:80/": "http://u:p@h:80/",
    "http://%61%3A:p%40p@h/": "http://a%3A:p%40p@h/",
    "http://%c3%a9/": "http://%C3%A9/",
    "http://[fe80::1%25en0]/": "http://[fe80::1%25en0]/",
    "http://h/!a(b) c": "http://h/%21a%28b%29%20c",
    "http://h/#?%41": "http://h/#?%41",
    "data:,a b": "data:,a b",
    "DATA:,x": "data:,x",
    "oem:///x y": "oem:///x%20y",
    "a b": "a%20b",
    "///a": "///a",
}


@pytest.mark.parametrize("text", URLS)
def test_a_url_is_written_again(text: str) -> None:
    assert rewrite(text) == URLS[text]


FLAGS = {
    "{HOSTNAME}": "${COREOS_EC2_HOSTNAME}",
    "a{PRIVATE_IPV4}b{PUBLIC_IPV4}": "a${COREOS_EC2_IPV4_LOCAL}b${COREOS_EC2_IPV4_PUBLIC}",
    "{HOSTNAME}}{HOSTNAME}": "${COREOS_EC2_HOSTNAME}}${COREOS_EC2_HOSTNAME}",
    "}{HOSTNAME}": "}{HOSTNAME}",
    "{HOSTNAME} and {": "${COREOS_EC2_HOSTNAME} and {",
    "{": "{",
    "{}": None,
    "{ HOSTNAME }": None,
    "{{HOSTNAME}}": None,
    "{PUBLIC_IPV6}": None,
}


@pytest.mark.parametrize("flag", FLAGS)
def test_dynamic_data(flag: str) -> None:
    done = compile_clc(f"etcd: {{name: '{flag}'}}\n".encode(), platform="ec2")
    if FLAGS[flag] is None:
        assert [entry.message for entry in done.report] == ["unknown field"]
    else:
        assert done.config is not None
        text = done.config.systemd.units[0].dropins[0].contents
        assert text.startswith("[Unit]\nRequires=coreos-metadata.service\n")
        assert text.endswith(f' \\\n  --name="{FLAGS[flag]}"')


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_has_its_own_metadata_service_or_is_told_of_it(platform: str) -> None:
    done = compile_clc(b"{}\n", platform=platform)
    assert done.config is not None
    told = {"openstack-metadata", "cloudstack-configdrive"}
    names = ["coreos-metadata.service", "coreos-metadata-sshkeys@.service"] if platform in told else []
    assert [unit.name for unit in done.config.systemd.units] == names


HOSTILE = {
    "merges within merges": "docker: " + "{<<: " * 5000 + "1" + "}" * 5000,
    "aliases of aliases": "a: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"b{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    + "docker: {flags: *a8}\n",
    "a merge of itself": "docker: &d {<<: *d}\n",
    "an alias of itself": "docker: &d {flags: [*d]}\n",
    "digits": f"storage: {{disks: [{{partitions: [{{size: {'9' * 100_000}}}]}}]}}\n",
    "a number": f"version: {'9' * 100_000}\n",
    "window": f"locksmith: {{window_start: a, window_length: {'1h' * 50_000}}}\n",
    "deep network": f"flannel: {{network_config: '{'[' * 100_000}'}}\n",
    "a section again and again": "storage: {files: [{path: /a, mode: 0}]}\n" * 20_000,
    "braces": f"etcd: {{name: '{'{' * 100_000}'}}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_answered(name: str) -> None:
    done = compile_clc(HOSTILE[name].encode(), platform="ec2")
    assert isinstance(done.report, Report)
    assert done.config is None or not done.report.has_errors


LINES = [line for case in ALL.values() for line in case.text.splitlines()]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=40))
def test_any_lines_become_a_config_or_findings(lines: list[bytes]) -> None:
    done = compile_clc(b"\n".join(lines), platform="custom")
    assert (done.config is None) == done.report.has_errors


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ALL)), st.data())
def test_a_document_with_anything_in_it_becomes_a_config_or_findings(name: str, data: st.DataObject) -> None:
    text = ALL[name].text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 9)))
    done = compile_clc(text[:start] + data.draw(st.binary(max_size=6)) + text[end:], **ALL[name].options)
    assert (done.config is None) == done.report.has_errors


def test_the_language_is_known_by_its_sections() -> None:
    assert {row.name for row in rows(Config, CLC)} == SECTIONS | {"version"}


# what else is wrong -> the hints for a key that is none
SLIPS = {
    "nothing": ("", ["did you mean `group`?"]),
    "a rule is broken": ("locksmith: {window_start: 'Thu 04:00'}\n", ["did you mean `group`?"]),
    "Ignition refuses it": ("systemd: {units: [{name: a}]}\n", ["did you mean `group`?"]),
}


@pytest.mark.parametrize(("wrong", "hints"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_understood_whatever_else_is_wrong(wrong: str, hints: list[str]) -> None:
    report = compile_clc(f"update: {{grup: stable}}\n{wrong}".encode()).report
    assert [entry.hint for entry in report if entry.code == "unused-key"] == hints
