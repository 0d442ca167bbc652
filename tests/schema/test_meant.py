"""What is said of a key that the spec does not know: the table knows what was meant."""

from __future__ import annotations

import random
import string

import pytest

from stoker.butane import compile_text
from stoker.butane.clc import compile_clc, read
from stoker.report import Pointer
from stoker.schema import clc, v2
from stoker.schema.decode import rows
from stoker.schema.meant import MAX_ADVISED, meant, name_of, slips_between
from stoker.schema.specs import BUTANE, CLC, EVERY, IGNITION, IGNITION_2, Spec
from stoker.schema.v3 import Config, Object

FILE: Pointer = ("storage", "files", 0)
USER: Pointer = ("passwd", "users", 0)

# spec, pointer of the key -> the hint
HINTS: dict[str, tuple[str, Pointer, str | None]] = {
    "a slip": ("fcos 1.6.0", (*FILE, "contents", "inlin"), "did you mean `inline`?"),
    "letters swapped": ("fcos 1.6.0", (*FILE, "cotnents"), "did you mean `contents`?"),
    "two slips": ("fcos 1.6.0", (*USER, "passwrd_hsh"), "did you mean `password_hash`?"),
    "capitals": ("fcos 1.6.0", (*FILE, "Path"), "did you mean `path`?"),
    "Ignition's spelling": ("fcos 1.6.0", (*USER, "sshAuthorizedKeys"), "did you mean `ssh_authorized_keys`?"),
    "hyphens": ("fcos 1.6.0", (*USER, "ssh-authorized-keys"), "did you mean `ssh_authorized_keys`?"),
    "Butane's spelling": ("ignition 3.4.0", (*USER, "home_dir"), "did you mean `homeDir`?"),
    "a later version": ("fcos 1.0.0", ("storage", "luks"), "`luks` came with fcos 1.2.0"),
    "a slip in a later one": (
        "fcos 1.6.0",
        ("systemd", "quadlet"),
        "did you mean `quadlets`? `quadlets` came with fcos 1.8.0-experimental",
    ),
    "a later Ignition": (
        "ignition 3.0.0",
        (*FILE, "contents", "httpHeaders"),
        "`httpHeaders` came with ignition 3.1.0",
    ),
    "another variant": (
        "flatcar 1.1.0",
        ("boot_device",),
        "`boot_device` is not in any version of flatcar; it came with fcos 1.3.0, openshift 4.8.0",
    ),
    "one level up": ("fcos 1.6.0", ("units",), "`units` belongs in `systemd`"),
    "one level down": ("fcos 1.6.0", (*FILE, "contents", "mode"), "`mode` belongs in an item of `storage.files`"),
    "to the nearest": ("fcos 1.6.0", (*FILE, "source"), "`source` belongs in `storage.files[].contents`"),
    "at the top": ("fcos 1.6.0", (*USER, "passwd"), "`passwd` belongs at the top level"),
    "sugar in Ignition": (
        "ignition 3.4.0",
        (*FILE, "contents", "inline"),
        "`inline` is Butane's, Ignition does not know it",
    ),
    "what Butane writes": (
        "fcos 1.6.0",
        ("ignition", "version"),
        "`version` is Ignition's, Butane writes it by itself",
    ),
    "Ignition 2's, in Butane": (
        "flatcar 1.0.0",
        (*FILE, "filesystem"),
        "`filesystem` is of Ignition 2; leave it out, since a path starts at `/` whatever is mounted above it",
    ),
    "Ignition 2's, in Ignition 3": (
        "ignition 3.4.0",
        ("storage", "disks", 0, "partitions", 1, "size"),
        "`size` is of Ignition 2; `sizeMiB` says it in MiB",
    ),
    "what was enabled": ("ignition 3.0.0", ("systemd", "units", 0, "enable"), "did you mean `enabled`?"),
    "a section that is gone": (
        "fcos 1.6.0",
        ("networkd",),
        "`networkd` is of Ignition 2; write its files to /etc/systemd/network by `storage.files`",
    ),
    "a program that is gone": (
        "flatcar 1.1.0",
        ("locksmith",),
        "`locksmith` is of Container Linux Config; write /etc/flatcar/update.conf by `storage.files`",
    ),
    "contents by ct": (
        "fcos 1.6.0",
        (*FILE, "contents", "remote"),
        "`remote` is of Container Linux Config; `source` is the URL, the rest stands beside it",
    ),
    "a slip in Ignition 2": ("ignition 2.2.0", (*FILE, "filesytem"), "did you mean `filesystem`?"),
    "a later Ignition 2": ("ignition 2.0.0", ("storage", "links"), "`links` came with ignition 2.1.0"),
    "Ignition 3's, in Ignition 2": (
        "ignition 2.4.0",
        ("kernelArguments",),
        "`kernelArguments` came with ignition 3.3.0",
    ),
    "one level up in Ignition 2": (
        "ignition 2.3.0",
        ("storage", "filesystems", 0, "device"),
        "`device` belongs in `storage.filesystems[].mount`",
    ),
    "a slip in Container Linux Config": ("clc 0", ("locksmiths",), "did you mean `locksmith`?"),
    "its capitals": ("clc 0", (*USER, "Name"), "did you mean `name`?"),
    "Butane's, in Container Linux Config": (
        "clc 0",
        ("storage", "trees"),
        "`trees` is Butane's: Container Linux Config does not know it",
    ),
    "what Butane calls otherwise": (
        "clc 0",
        (*FILE, "contents", "source"),
        "`source` is Butane's: Container Linux Config does not know it",
    ),
    "one level up in Container Linux Config": (
        "clc 0",
        ("storage", "filesystems", 0, "device"),
        "`device` belongs in `storage.filesystems[].mount`",
    ),
    "a part": ("fcos 1.6.0", ("includes",), "did you mean `include`?"),
    "nothing like it": ("fcos 1.6.0", ("hostname",), None),
    "below an unknown key": ("fcos 1.6.0", ("hostname", "path"), None),
    "very long": ("fcos 1.6.0", ("x" * 10_000,), None),
}


def spec_of(name: str) -> Spec:
    variant, version = name.split(" ")
    return EVERY[variant, version]


ROOTS: dict[str, type[Object]] = {"v3": Config, "v2": v2.Config, "clc": clc.Config}


@pytest.mark.parametrize(("spec", "pointer", "hint"), HINTS.values(), ids=HINTS)
def test_hint(spec: str, pointer: Pointer, hint: str | None) -> None:
    assert meant(pointer, spec_of(spec), ROOTS[spec_of(spec).family]) == hint


# a section of Container Linux Config, a key in it -> the hint
FLAGS = {
    "a slip": ("etcd: {version: 3.1.0}", "initial_clustr", "did you mean `initial_cluster`?"),
    "a later version": ("etcd: {version: 3.0.9}", "metrics", "`metrics` came with etcd 3.1"),
    "a later table": ("etcd: {version: 2.3.7}", "auto_tls", "`auto_tls` came with etcd 3.0"),
    "without a version": ("flannel: {}", "kube_subnet_mgr", "`kube_subnet_mgr` came with flannel 0.7"),
    "a version that is unknown": ("flannel: {version: 1.0.0}", "interface", "`interface` came with flannel 0.5"),
    "nothing like it": ("etcd: {}", "hostname", None),
}


@pytest.mark.parametrize(("section", "key", "hint"), FLAGS.values(), ids=FLAGS)
def test_flags_depend_on_the_version(section: str, key: str, hint: str | None) -> None:
    report = compile_clc(section.replace("}", f", {key}: x}}").replace("{,", "{").encode()).report
    assert [entry.hint for entry in report if entry.code == "unused-key"] == [hint]


def test_container_linux_config_says_once_what_was_meant() -> None:
    text = b"Systemd: {}\n"
    assert [(entry.code, entry.hint) for entry in compile_clc(text).report] == [
        ("unused-key", "did you mean `systemd`?")
    ]
    assert [(entry.code, entry.hint) for entry in read(text).report] == [("unused-key", None), ("key-case", None)]


SLIPS = {
    "": ("", 0),
    "path": ("path", 0),
    "pth": ("path", 1),
    "paath": ("path", 1),
    "aptH": ("path", 2),
    "apth": ("path", 1),
}


@pytest.mark.parametrize(("one", "other"), SLIPS.items(), ids=repr)
def test_slips(one: str, other: tuple[str, int]) -> None:
    assert slips_between(one, other[0]) == other[1]


def keys(cls: type[Object], spec: Spec, above: Pointer = ()) -> list[Pointer]:
    """The pointer of every key of a spec; items of lists are the first."""
    found: list[Pointer] = []
    for row in rows(cls, spec):
        here = (*above, name_of(row, spec))
        found.append(here)
        if row.is_object:
            found += keys(row.type, spec, (*here, 0) if row.is_list else here)
    return found


def slip(word: str, dice: random.Random) -> str:
    """One edit: a letter dropped, doubled, replaced, or two of them swapped."""
    at = dice.randrange(len(word))
    letter = dice.choice(string.ascii_lowercase)
    edits = [
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at else word[1:2] + word[:1] + word[2:],
    ]
    return dice.choice(edits)


def rate_of(specs: list[Spec], count: int) -> float:
    """Which share of slips is understood."""
    dice = random.Random(20)
    right = tried = 0
    while tried < count:
        spec = dice.choice(specs)
        root = ROOTS[spec.family]
        every = keys(root, spec)
        pointer = dice.choice(every)
        name = str(pointer[-1])
        wrong = slip(name, dice)
        siblings = {key[-1] for key in every if key[:-1] == pointer[:-1]}
        if wrong in siblings or not wrong:
            continue
        tried += 1
        right += f"did you mean `{name}`?" == meant((*pointer[:-1], wrong), spec, root)
    return right / count


@pytest.mark.parametrize("specs", [[*BUTANE, *IGNITION], [*IGNITION_2, CLC]], ids=["Ignition 3", "before it"])
def test_a_slip_is_understood(specs: list[Spec]) -> None:
    assert rate_of(specs, 1000) >= 0.95


def test_hints_stand_in_reports_but_not_in_the_drop_in() -> None:
    text = b"variant: fcos\nversion: 1.5.0\nstorag: {}\n"
    assert [entry.hint for entry in compile_text(text).report] == ["did you mean `storage`?"]
    assert [entry.hint for entry in compile_text(text, as_reference=True).report] == [None]


def test_many_unknown_keys_cost_little() -> None:
    text = b"variant: fcos\nversion: 1.5.0\n" + b"".join(b"storag%d: 1\n" % number for number in range(3 * MAX_ADVISED))
    hints = [entry.hint for entry in compile_text(text).report]
    assert sum(hint is not None for hint in hints) <= MAX_ADVISED
