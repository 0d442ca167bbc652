"""What is said of Ignition configs, line by line.

A case runs for every version from `since` up to but not including `until`. Its own version stands last, on a line of
its own, so that places are the same for all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from stoker.ignition.parse import find_spec, judge, parse, validate
from stoker.report.render import as_lines
from stoker.schema.specs import IGNITION, SPECS, Spec

HASH = "sha512-" + "0" * 128


class Case(NamedTuple):
    """A config without its version, and what is said of it."""

    text: str
    report: str
    since: str = "3.0.0"
    until: str = ""


CASES = {
    "nothing": Case("", ""),
    "null is nothing, but no object": Case(
        '"ignition": null, "passwd": null,\n',
        "warning at $.passwd, line 1 col 30: context tree does not match content tree at $.passwd. Line and column "
        "reporting may be inconsistent. Unused keys may not be reported\n",
    ),
    "an empty object": Case('"storage": {},\n', ""),
    "keys in any case": Case(
        '"Storage": {"FILES": [{"PATH": "/a"}]},\n', "warning at $.Storage, line 1 col 2: unused key Storage\n"
    ),
    "unused keys": Case(
        '"storag": {},\n"storage": {"files": [{"path": "/a", "Mode": 420}]},\n',
        "warning at $.storag, line 1 col 2: unused key storag\n"
        "warning at $.storage.files.0.Mode, line 2 col 38: unused key Mode\n",
    ),
    "a later version's key": Case(
        '"storage": {"luks": []},\n', "warning at $.storage.luks, line 1 col 14: unused key luks\n", until="3.2.0"
    ),
    "the last value of a key counts": Case('"passwd": 1, "passwd": {},\n', ""),
    "objects of a key are merged": Case(
        '"storage": {"files": [{"path": "a"}]},\n"storage": {"directories": [{"path": "/b"}]},\n',
        "error at $.storage.files.0.path, line 2 col 13: path not absolute\n",
    ),
    "columns count bytes": Case(
        '"ä": "ö", "storage": {"files": [{"path": "a"}]},\n',
        "error at $.storage.files.0.path, line 1 col 45: path not absolute\n"
        "warning at $.ä, line 1 col 2: unused key ä\n",
    ),
    "rules before duplicates before unused keys": Case(
        '"x": 1, "storage": {"files": [{"path": "/a"}, {"path": "/a"}, {"path": "b"}]},\n',
        "error at $.storage.files.2.path, line 1 col 73: path not absolute\n"
        "error at $.storage.files.1, line 1 col 49: duplicate entry defined\n"
        "warning at $.x, line 1 col 2: unused key x\n",
    ),
    "a null item is an empty one": Case(
        '"storage": {"files": [null]},\n',
        "error at $.storage.files.0.path, line 1 col 24: path not specified\n"
        "warning at $.storage.files.0, line 1 col 24: context tree does not match content tree at $.storage.files.0. "
        "Line and column reporting may be inconsistent. Unused keys may not be reported\n",
    ),
    "an integer is no float": Case(
        '"storage": {"files": [{"mode": 1.0}]},\n',
        "error at line 1 col 36: json: cannot unmarshal number 1.0 into Go struct field Config.storage.files.0.mode of "
        "type int\n",
    ),
    "an integer of more than 64 bits": Case(
        '"storage": {"files": [{"mode": 9223372036854775808}]},\n',
        "error at line 1 col 52: json: cannot unmarshal number 9223372036854775808 into Go struct field "
        "Config.storage.files.0.mode of type int\n",
    ),
    "an integer is no string": Case(
        '"storage": {"files": [{"mode": "0644"}]},\n',
        "error at line 1 col 39: json: cannot unmarshal string into Go struct field Config.storage.files.0.mode of "
        "type int\n",
    ),
    "a string is no boolean": Case(
        '"storage": {"files": [{"path": true}]},\n',
        "error at line 1 col 37: json: cannot unmarshal bool into Go struct field Config.storage.files.0.path of type "
        "string\n",
    ),
    "a list is no object": Case(
        '"storage": {"files": {}},\n',
        "error at line 1 col 24: json: cannot unmarshal object into Go struct field Config.storage.files of type "
        "list\n",
    ),
    "one error of decoding is enough": Case(
        '"storage": [], "passwd": [],\n',
        "error at line 1 col 14: json: cannot unmarshal array into Go struct field Config.storage of type mapping\n",
    ),
    "bundles needed a source": Case(
        '"ignition": {"security": {"tls": {"certificateAuthorities": [{}]}}},\n',
        "error at $.ignition.security.tls.certificateAuthorities.0.source, line 2 col 14: invalid url scheme\n",
        until="3.1.0",
    ),
    "bundles need a source": Case(
        '"ignition": {"security": {"tls": {"certificateAuthorities": [{}]}}},\n',
        "error at $.ignition.security.tls.certificateAuthorities.0, line 2 col 14: source is required\n",
        since="3.1.0",
    ),
    "virtiofs": Case(
        '"storage": {"filesystems": [{"device": "tag", "format": "virtiofs", "path": "/m","mountOptions": ["ro"]}]},\n',
        "",
        since="3.7.0-experimental",
    ),
    "virtiofs is too young": Case(
        '"storage": {"filesystems": [{"device": "/dev/a", "format": "virtiofs"}]},\n',
        "error at $.storage.filesystems.0.format, line 1 col 61: invalid filesystem format\n",
        until="3.7.0-experimental",
    ),
    "virtiofs is not made": Case(
        '"storage": {"filesystems": [\n'
        '{"device": "tag", "format": "virtiofs",\n'
        '"label": "a", "uuid": "b", "wipeFilesystem": true, "options": ["-x"]}]},\n',
        "error at $.storage.filesystems.0.label, line 3 col 10: filesystem labels cannot be set when using virtiofs\n"
        "error at $.storage.filesystems.0.uuid, line 3 col 23: filesystem uuid cannot be set for non-block-device "
        "filesystems\n"
        "error at $.storage.filesystems.0.wipeFilesystem, line 3 col 46: wipeFilesystem cannot be set for "
        "non-block-device filesystems\n"
        "error at $.storage.filesystems.0.options, line 3 col 64: filesystem options (mkfs) cannot be set for "
        "non-block-device filesystems\n",
        since="3.7.0-experimental",
    ),
    "virtiofs has a tag of 36 bytes": Case(
        '"storage": {"filesystems": [\n'
        '{"device": "0123456789012345678901234567890123456", "format": "virtiofs"},\n'
        '{"format": "virtiofs"}]},\n',
        "error at $.storage.filesystems.0.device, line 2 col 12: virtiofs device tag cannot be longer than 36 bytes\n"
        "error at $.storage.filesystems.1.device, line 3 col 2: device not specified\n",
        since="3.7.0-experimental",
    ),
    "only the file's own rules": Case(
        f'"storage": {{"files": [{{"path": "/a", "contents": {{"verification": {{"hash": "{HASH}"}}}}}}]}},\n',
        "error at $.storage.files.0.contents.verification.hash, line 1 col 77: source must be specified if "
        "verification is specified\n",
    ),
}

RUNS = [
    (case, spec)
    for case in CASES.values()
    for spec in IGNITION
    if SPECS["ignition", case.since].minor <= spec.minor
    and (not case.until or spec.minor < SPECS["ignition", case.until].minor)
]
NAMES = [f"{name} {spec.version}" for name, case in CASES.items() for run, spec in RUNS if run is case]


def whole(case: Case, spec: Spec) -> bytes:
    return f'{{{case.text}"ignition": {{"version": "{spec.version}"}}}}'.encode()


@pytest.mark.parametrize("case, spec", RUNS, ids=NAMES)
def test_validate(case: Case, spec: Spec) -> None:
    report, error = validate(whole(case, spec))
    assert as_lines(report) == case.report
    assert error is None


# a whole text -> the report, and the words for what it does not say
REFUSED = {
    "no bytes": ("", "", "not a config (empty)"),
    "no value": (" ", "error at line 0 col 0: unexpected end of JSON input\n", None),
    "no version": ("{}", "", "invalid config version (couldn't parse)"),
    "null": ("null", "", "invalid config version (couldn't parse)"),
    "a short version": ('{"ignition": {"version": "3.0"}}', "", "invalid config version (couldn't parse)"),
    "a version of another time": ('{"ignition": {"version": "2.3.0"}}', "", "unsupported config version"),
    "an experiment that ended": ('{"ignition": {"version": "3.6.0-experimental"}}', "", "unsupported config version"),
    "a stable version that will be": ('{"ignition": {"version": "3.7.0"}}', "", "unsupported config version"),
    "build metadata": ('{"ignition": {"version": "3.0.0+x"}}', "", "unsupported config version"),
    "a version of the wrong type": (
        '{"ignition": {"version": 3}}',
        (
            "error at line 1 col 27: json: cannot unmarshal number into Go struct field Config.ignition.version of "
            "type string\n"
        ),
        None,
    ),
    "a list": ("[]", "error at line 1 col 2: json: cannot unmarshal array into Go value of type mapping\n", None),
    "a comma too many": (
        '{"ignition": {"version": "3.0.0"},}\n',
        "error at line 1 col 36: invalid character '}' looking for beginning of object key string\n",
        None,
    ),
}


@pytest.mark.parametrize("text, lines, error", REFUSED.values(), ids=REFUSED)
def test_refused(text: str, lines: str, error: str | None) -> None:
    report, words = validate(text.encode())
    assert (as_lines(report), words) == (lines, error)


def test_the_first_version_of_a_key_that_stands_twice_does_not_count() -> None:
    parsed = parse(b'{"ignition": {"version": "2.0.0"}, "ignition": {"version": "3.1.0"}}')
    assert parsed.spec == SPECS["ignition", "3.1.0"]
    assert parsed.config is not None


def test_a_config_without_a_text_is_judged_without_places() -> None:
    config = parse(b'{"ignition": {"version": "3.1.0"}}').config
    assert config is not None
    (entry,) = judge(config, SPECS["ignition", "3.2.0"])
    assert (entry.message, entry.place) == ("unsupported config version", None)


VERSIONS = {
    "3.4": "3.4.0",
    "3.4.0": "3.4.0",
    "3.7.0-experimental": "3.7.0-experimental",
    "3.7-experimental": "3.7.0-experimental",
    "3.7": None,
    "2.3.0": None,
    "": None,
    "x": None,
}


@pytest.mark.parametrize("text, expected", VERSIONS.items())
def test_find_spec(text: str, expected: str | None) -> None:
    spec = find_spec(text)
    assert (spec and spec.version) == expected
