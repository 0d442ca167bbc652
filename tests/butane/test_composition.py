"""Documents made of parts: what comes out, who gave what, and what is said of each mistake and where."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from stoker.butane import Compilation, compile_text
from stoker.butane.composition import MAX_DEPTH
from stoker.butane.explain import contributions
from stoker.ignition.convert import convert
from stoker.ignition.encode import encode
from stoker.ignition.merge import merge
from stoker.ignition.parse import parse
from stoker.ignition.parts import leaves
from stoker.schema.specs import IGNITION

HEAD = "variant: fcos\nversion: 1.5.0\n"
FILE = "storage:\n  files:\n"


def write(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def compiled(root: Path, name: str = "web.bu") -> Compilation:
    path = root / name
    return compile_text(path.read_bytes(), file=str(path), files_dir=str(root))


def config(root: Path) -> Any:
    done = compiled(root)
    assert [f"{entry.place}: {entry.message}" for entry in done.report] == []
    assert done.config is not None
    return msgspec.to_builtins(done.config)


USED = "passwd: {users: [{name: '${{ n }}'}]}\n"
DECLARED = "variables:\n  n: {type: string}\n"
INCLUDE = f"{HEAD}include:\n  - path: base.bu\n"
KINDS = "s: {type: string}\n  i: {type: integer}\n  b: {type: boolean}\n  l: {type: list}\n"
GIVEN = "    with: {s: 0644, i: 0o17, b: yes, l: [wheel, 5]}\n"

# fragment -> a file's inline text with variables, and how it comes out
TEXTS = {
    "in a text": ("a ${{ s }}/${{s}} b", "a 0644/0644 b"),
    "numbers are decimal": ("n=${{ i }}", "n=15"),
    "true and false": ("b=${{ b }}", "b=true"),
    "the whole": ("${{ s }}", "0644"),
    "itself": ("$${{ s }} ${{ s }}", "${{ s }} 0644"),
    "the braces alone": ("$${{ ${{ s }}", "${{ 0644"),
    "the shell's": ("${s} $s $(s) ${{ s }}", "${s} $s $(s) 0644"),
    "Go's": ("{{ .s }} {{s}} ${{ s }}", "{{ .s }} {{s}} 0644"),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_texts(text: str, expected: str, tmp_path: Path) -> None:
    used = f"    - path: /etc/a\n      contents:\n        inline: '{text}'\n"
    other = (
        "    - path: /etc/b\n      mode: ${{ i }}\n      overwrite: ${{ b }}\n      contents: {inline: '${{ s }}'}\n"
    )
    users = "passwd:\n  users:\n    - name: core\n      groups: ${{ l }}\n"
    base = f"{HEAD}variables:\n  {KINDS}{users}{FILE}{used}{other}"
    write(tmp_path, {"web.bu": INCLUDE + GIVEN, "base.bu": base})
    done = config(tmp_path)
    plain = compile_text(f"{HEAD}{FILE}{used.replace(text, expected)}".encode()).config
    assert done["storage"]["files"][0] == msgspec.to_builtins(plain)["storage"]["files"][0]
    assert (done["storage"]["files"][1]["mode"], done["storage"]["files"][1]["overwrite"]) == (15, True)
    assert done["passwd"]["users"][0]["groups"] == ["wheel", "5"]


def test_without_declarations_nothing_is_replaced(tmp_path: Path) -> None:
    text = f"{HEAD}{FILE}    - path: /etc/a\n      contents: {{inline: '${{{{ x }}}}'}}\n"
    write(tmp_path, {"web.bu": INCLUDE, "base.bu": text})
    assert config(tmp_path) == msgspec.to_builtins(compile_text(text.encode()).config)


MIDDLE = """\
variant: fcos
version: 1.5.0
variables: {name: {type: string}}
include:
  - path: ${{ name }}.bu
    with: {n: "${{ name }}"}
"""


def test_variables_go_down_through_fragments(tmp_path: Path) -> None:
    top = f"{HEAD}include:\n  - path: sub/middle.bu\n    with: {{name: base}}\n"
    write(tmp_path, {"web.bu": top, "sub/middle.bu": MIDDLE, "sub/base.bu": HEAD + DECLARED + USED})
    assert config(tmp_path)["passwd"]["users"] == [{"name": "base"}]


def test_an_older_fragment_of_another_variant_is_raised(tmp_path: Path) -> None:
    base = "variant: flatcar\nversion: 1.0.0\npasswd: {users: [{name: core}]}\n"
    write(tmp_path, {"web.bu": INCLUDE, "base.bu": base})
    assert config(tmp_path) == {"ignition": {"version": "3.4.0"}, "passwd": {"users": [{"name": "core"}]}}


CLUSTER = """\
variant: openshift
version: 4.14.0
metadata:
  name: NAME
  labels: {machineconfiguration.openshift.io/role: worker, NAME: x}
openshift: {kernel_arguments: [NAME], FIPS}
"""


def test_a_machine_config_is_merged_too(tmp_path: Path) -> None:
    base = CLUSTER.replace("NAME", "a").replace("FIPS", "fips: true")
    top = CLUSTER.replace("NAME", "b").replace("FIPS", "kernel_type: default") + "include: [{path: base.bu}]\n"
    write(tmp_path, {"web.bu": top, "base.bu": base})
    done = compiled(tmp_path)
    assert done.metadata is not None
    assert done.openshift is not None
    assert done.metadata.name == "b"
    assert set(done.metadata.labels) == {"machineconfiguration.openshift.io/role", "a", "b"}
    assert (done.openshift.kernel_arguments, done.openshift.fips) == (["a", "b"], True)


# texts by file -> code and file:line of each finding
MISTAKES: dict[str, tuple[dict[str, str], list[str]]] = {
    "no such file": ({"web.bu": INCLUDE}, ["include-unreadable web.bu:4"]),
    "outside": ({"web.bu": INCLUDE.replace("base", "../base")}, ["include-outside web.bu:4"]),
    "itself": ({"web.bu": INCLUDE.replace("base", "web")}, ["include-cycle web.bu:4"]),
    "in a circle": ({"web.bu": INCLUDE, "base.bu": INCLUDE.replace("base", "web")}, ["include-cycle base.bu:4"]),
    "too deep": (
        {"web.bu": INCLUDE.replace("base", "0")}
        | {f"{n}.bu": INCLUDE.replace("base", str(n + 1)) for n in range(MAX_DEPTH + 2)},
        [f"includes-too-deep {MAX_DEPTH - 1}.bu:4"],
    ),
    "not a list": ({"web.bu": f"{HEAD}include: base.bu\n"}, ["bad-include web.bu:3"]),
    "no path": ({"web.bu": f"{HEAD}include: [base.bu]\n"}, ["bad-include web.bu:3"]),
    "more than a path": ({"web.bu": f"{INCLUDE}    as: x\n", "base.bu": HEAD}, ["bad-include web.bu:4"]),
    "values in a list": ({"web.bu": f"{INCLUDE}    with: [x]\n", "base.bu": HEAD}, ["bad-include web.bu:5"]),
    "a list as a key": ({"web.bu": f"{HEAD}include:\n  - {{[a]: b}}\n"}, ["bad-include web.bu:4"]),
    "a path that is none": ({"web.bu": INCLUDE.replace("base.bu", '"\\0"')}, ["bad-include web.bu:4"]),
    "a value twice": (
        {"web.bu": f"{INCLUDE}    with:\n      n: x\n      n: y\n", "base.bu": HEAD + DECLARED + USED},
        ["duplicate-key web.bu:7"],
    ),
    "included twice over": ({"web.bu": f"{INCLUDE}include: []\n", "base.bu": HEAD}, ["duplicate-key web.bu:5"]),
    "not YAML": ({"web.bu": INCLUDE, "base.bu": "a: [\n"}, ["yaml-syntax base.bu:2"]),
    "Ignition": (
        {"web.bu": INCLUDE, "base.bu": '{"ignition": {"version": "3.4.0"}}'},
        ["include-foreign web.bu:4"],
    ),
    "Container Linux Config": (
        {"web.bu": INCLUDE, "base.bu": "update: {group: beta}\n"},
        ["include-foreign web.bu:4"],
    ),
    "an error in a fragment": (
        {"web.bu": INCLUDE, "base.bu": f"{HEAD}{FILE}    - path: x\n"},
        ["relative-path base.bu:5"],
    ),
    "errors on both sides": (
        {"web.bu": f"{INCLUDE}{FILE}    - path: y\n", "base.bu": f"{HEAD}{FILE}    - path: x\n"},
        ["relative-path base.bu:5", "relative-path web.bu:7"],
    ),
    "a newer fragment": (
        {"web.bu": INCLUDE, "base.bu": "variant: fcos\nversion: 1.6.0\n"},
        ["newer-fragment web.bu:4"],
    ),
    "fine apart, not together": (
        {
            "web.bu": f"{INCLUDE}{FILE}    - path: /a/b\n",
            "base.bu": f"{HEAD}storage:\n  links:\n    - {{path: /a, target: b}}\n",
        },
        ["file-below-link web.bu:7"],
    ),
    "what the variant forbids": (
        {
            "web.bu": INCLUDE.replace("fcos", "r4e").replace("1.5", "1.1"),
            "base.bu": f"{HEAD}kernel_arguments: {{should_exist: [a]}}\n",
        },
        ["kernel-arguments-unsupported base.bu:3"],
    ),
    "a path that reads as a number": (
        {"web.bu": INCLUDE.replace("base.bu", "5"), "5": f"{HEAD}{FILE}    - path: x\n"},
        ["relative-path 5:5"],
    ),
    "an empty path": ({"web.bu": INCLUDE.replace("base.bu", "''")}, ["bad-include web.bu:4"]),
    "nothing for a path": ({"web.bu": INCLUDE.replace("base.bu", "~")}, ["bad-include web.bu:4"]),
    "no value": ({"web.bu": INCLUDE, "base.bu": HEAD + DECLARED + USED}, ["missing-variable web.bu:4"]),
    "no value, of nobody": (
        {"web.bu": HEAD + DECLARED + USED.replace("}}'", "}} ${{ n }}'")},
        ["missing-variable web.bu:5"],
    ),
    "no value, and no use": ({"web.bu": HEAD + DECLARED}, ["missing-variable web.bu:4", "unused-variable web.bu:4"]),
    "no value where a number is wanted": (
        {
            "web.bu": INCLUDE,
            "base.bu": f"{HEAD}variables:\n  n: {{type: integer}}\n{FILE}    - path: /a\n      mode: ${{{{ n }}}}\n",
        },
        ["missing-variable web.bu:4"],
    ),
    "a value too many": (
        {"web.bu": f"{INCLUDE}    with:\n      n: x\n", "base.bu": HEAD},
        ["unknown-variable web.bu:6"],
    ),
    "never used": (
        {"web.bu": f"{INCLUDE}    with: {{n: x}}\n", "base.bu": HEAD + DECLARED},
        ["unused-variable base.bu:4"],
    ),
    "never declared": (
        {
            "web.bu": INCLUDE,
            "base.bu": f"{HEAD}variables: {{m: {{type: string, default: x}}}}\n{USED}{USED}".replace(USED * 2, USED),
        },
        ["undeclared-variable base.bu:4", "unused-variable base.bu:3"],
    ),
    "no such type": (
        {"web.bu": INCLUDE, "base.bu": f"{HEAD}variables:\n  n: {{type: text}}\n"},
        ["bad-variable base.bu:4"],
    ),
    "a list where a text is wanted": (
        {"web.bu": f"{INCLUDE}    with:\n      n: [x]\n", "base.bu": HEAD + DECLARED + USED},
        ["variable-type web.bu:6"],
    ),
    "nothing where a text is wanted": (
        {"web.bu": f"{INCLUDE}    with:\n      n:\n", "base.bu": HEAD + DECLARED + USED},
        ["variable-type web.bu:6"],
    ),
    "a text where a number is wanted": (
        {"web.bu": f"{INCLUDE}    with:\n      n: x\n", "base.bu": HEAD + DECLARED.replace("string", "integer") + USED},
        ["variable-type web.bu:6"],
    ),
    "a default of another type": (
        {"web.bu": INCLUDE, "base.bu": HEAD + "variables:\n  n: {type: boolean, default: x}\n" + USED},
        ["variable-type base.bu:4"],
    ),
    "a list in a text": (
        {
            "web.bu": f"{INCLUDE}    with: {{n: [x]}}\n",
            "base.bu": HEAD + DECLARED.replace("string", "list") + USED.replace("${{", "a ${{"),
        },
        ["list-in-text base.bu:5"],
    ),
    "no name": (
        {
            "web.bu": f"{INCLUDE}    with: {{n: x}}\n",
            "base.bu": HEAD + DECLARED + USED.replace("}}'", "}} ${{ a b }}'"),
        },
        ["bad-reference base.bu:5"],
    ),
    "not closed": (
        {
            "web.bu": f"{INCLUDE}    with: {{n: x}}\n",
            "base.bu": HEAD + DECLARED + USED.replace("}}'", "}} ${{ n'"),
        },
        ["bad-reference base.bu:5"],
    ),
}


# the type, the value -> what is said of it
WRONG = {
    "a text that reads as a number": ("integer", "'81'", "variable `n` is an integer, got the text `81`"),
    "a word": ("integer", "x", "variable `n` is an integer, got `x`"),
    "nothing": ("string", "", "variable `n` is a string, got nothing"),
    "a mapping": ("string", "{a: b}", "variable `n` is a string, got a mapping"),
    "a list of lists": ("list", "[[a]]", "variable `n` is a list of strings, got a list"),
}


@pytest.mark.parametrize(("kind", "value", "said"), WRONG.values(), ids=WRONG)
def test_what_is_said_of_a_value_of_another_type(kind: str, value: str, said: str, tmp_path: Path) -> None:
    fragment = HEAD + DECLARED.replace("string", kind) + USED
    write(tmp_path, {"web.bu": f"{INCLUDE}    with:\n      n: {value}\n", "base.bu": fragment})
    assert said in [entry.message for entry in compiled(tmp_path).report]


@pytest.mark.parametrize(("texts", "found"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(texts: dict[str, str], found: list[str], tmp_path: Path) -> None:
    write(tmp_path, texts)
    done = compiled(tmp_path)
    places = [(entry.code, entry.place) for entry in done.report]
    assert [f"{code} {Path(place.file).name}:{place.line}" for code, place in places if place] == found
    assert done.config is None
    assert {place.file for _, place in places if place} <= set(done.texts)


def test_without_a_files_directory_nothing_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"base.bu": HEAD})
    done = compile_text(INCLUDE.encode(), file=str(tmp_path / "web.bu"))
    assert [entry.code for entry in done.report] == ["include-without-directory"]


def test_a_fragment_may_lie_in_the_files_directory(tmp_path: Path) -> None:
    write(tmp_path, {"web.bu": "", "sub/web.bu": INCLUDE.replace("base.bu", "../base.bu"), "base.bu": HEAD})
    assert compiled(tmp_path, "sub/web.bu").config is not None


def test_the_drop_in_does_not_know_it() -> None:
    done = compile_text(f"{INCLUDE}{DECLARED}".encode(), as_reference=True)
    assert [entry.message for entry in done.report] == ["unused key include", "unused key variables"]
    assert done.config is not None


@pytest.mark.parametrize("before", ["", "a"])
def test_what_grows_is_bounded(before: str, tmp_path: Path) -> None:
    value = "x" * (1 << 20)
    uses = "".join(f"    - path: /etc/{n}\n      contents: {{inline: '{before}${{{{ n }}}}'}}\n" for n in range(20))
    write(tmp_path, {"web.bu": f"{INCLUDE}    with: {{n: {value}}}\n", "base.bu": HEAD + DECLARED + FILE + uses})
    assert [entry.code for entry in compiled(tmp_path).report] == ["expanded-too-large"]


def test_hostile_parts_end_in_a_report(tmp_path: Path) -> None:
    """Documents with a few characters changed: whatever comes of it, nothing is raised."""
    dice = random.Random(5)
    base = f"{HEAD}variables:\n  {KINDS}{USED.replace('n', 's')}"
    for _ in range(300):
        texts = {"web.bu": INCLUDE + GIVEN, "base.bu": base}
        for name, text in texts.items():
            chars = list(text)
            for _ in range(dice.randrange(4)):
                chars[dice.randrange(len(chars))] = dice.choice("{}[]:$-\n *&x\"'0!")
            texts[name] = "".join(chars)
        write(tmp_path, texts)
        done = compiled(tmp_path)
        assert (done.config is None) == done.report.has_errors


# What documents are made of: each draws some of it.
POOL: dict[tuple[str, ...], list[Any]] = {
    ("storage", "files"): [
        {"path": "/etc/a", "contents": {"inline": "one"}},
        {"path": "/etc/a", "mode": 0o600, "contents": {"inline": "two"}, "overwrite": True},
        {"path": "/etc/b", "append": [{"inline": "three"}]},
        {"path": "/etc/c", "user": {"name": "core"}},
    ],
    ("storage", "directories"): [{"path": "/etc/d", "mode": 0o755}, {"path": "/etc/c/e"}],
    ("storage", "links"): [{"path": "/etc/l", "target": "a"}, {"path": "/etc/b", "target": "c"}],
    ("storage", "disks"): [
        {"device": "/dev/vda", "wipe_table": True, "partitions": [{"label": "x", "number": 1}]},
        {"device": "/dev/vda", "partitions": [{"label": "y", "number": 2}]},
    ],
    ("storage", "filesystems"): [
        {"device": "/dev/vdb", "format": "xfs", "path": "/var/x", "with_mount_unit": True},
        {"device": "/dev/vdb", "format": "ext4", "options": ["-m", "0"]},
    ],
    ("systemd", "units"): [
        {"name": "a.service", "contents": "[Service]\nType=oneshot\n"},
        {"name": "a.service", "mask": True, "dropins": [{"name": "x.conf", "contents": "[Unit]\n"}]},
        {"name": "b.service", "enabled": False},
    ],
    ("passwd", "users"): [
        {"name": "core", "ssh_authorized_keys": ["k1", "k2"]},
        {"name": "core", "ssh_authorized_keys": ["k2", "k3"], "uid": 5},
        {"name": "root", "groups": ["wheel"]},
    ],
    ("kernel_arguments", "should_exist"): ["a", "b"],
    ("kernel_arguments", "should_not_exist"): ["c", "a"],
    ("ignition", "config", "merge"): [{"source": "https://x/1"}, {"source": "https://x/2"}],
}


def draw(dice: random.Random) -> str:
    """A document that is fine by itself."""
    while True:
        data: dict[str, Any] = {"variant": "fcos", "version": dice.choice(["1.4.0", "1.5.0", "1.6.0"])}
        for way, items in POOL.items():
            chosen = [item for item in items if dice.random() < 0.4]
            if chosen:
                node = data
                for step in way[:-1]:
                    node = node.setdefault(step, {})
                node[way[-1]] = chosen
        text = yaml.safe_dump(data)
        if not compile_text(text.encode()).report.has_errors:
            return text


def check_pairs(count: int, tmp_path: Path) -> None:
    """Compose a base and a document; compare with Ignition's merge of the two; explain every part of the result."""
    dice = random.Random(7)
    composed = 0
    while composed < count:
        base, own = draw(dice), draw(dice)
        parent, child = compile_text(base.encode()), compile_text(own.encode())
        assert parent.config is not None
        assert parent.spec is not None
        assert child.config is not None
        assert child.spec is not None
        if parent.spec.minor > child.spec.minor:
            continue
        raised, _ = convert(parent.config, IGNITION[parent.spec.minor], IGNITION[child.spec.minor])
        expected = encode(merge(raised, child.config)[0])
        write(tmp_path, {"base.bu": base, "web.bu": f"include: [{{path: base.bu}}]\n{own}"})
        done = compiled(tmp_path)
        if not parse(expected).config:
            assert done.config is None
            continue
        composed += 1
        assert done.config is not None
        assert encode(done.config) == expected
        for pointer in leaves(msgspec.to_builtins(done.config)):
            assert contributions(done, done.config, pointer), pointer


def test_pairs_are_as_merged(tmp_path: Path) -> None:
    check_pairs(50, tmp_path)


@pytest.mark.soak
def test_many_pairs_are_as_merged(tmp_path: Path) -> None:
    check_pairs(500, tmp_path)
