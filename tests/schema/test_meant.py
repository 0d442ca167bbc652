"""What is said of a key that the spec does not know: the table knows what was meant."""

from __future__ import annotations

import random
import string

import pytest

from stoker.butane import compile_text
from stoker.report import Pointer
from stoker.schema.decode import rows
from stoker.schema.meant import MAX_ADVISED, meant, name_of, slips_between
from stoker.schema.specs import BUTANE, IGNITION, SPECS, Spec
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
    "a part": ("fcos 1.6.0", ("includes",), "did you mean `include`?"),
    "nothing like it": ("fcos 1.6.0", ("hostname",), None),
    "below an unknown key": ("fcos 1.6.0", ("hostname", "path"), None),
    "very long": ("fcos 1.6.0", ("x" * 10_000,), None),
}


def spec_of(name: str) -> Spec:
    variant, version = name.split(" ")
    return SPECS[variant, version]


@pytest.mark.parametrize(("spec", "pointer", "hint"), HINTS.values(), ids=HINTS)
def test_hint(spec: str, pointer: Pointer, hint: str | None) -> None:
    assert meant(pointer, spec_of(spec)) == hint


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


def test_a_slip_is_understood() -> None:
    dice = random.Random(20)
    specs = [*BUTANE, *IGNITION]
    right = tried = 0
    while tried < 1000:
        spec = dice.choice(specs)
        pointer = dice.choice(keys(Config, spec))
        name = str(pointer[-1])
        wrong = slip(name, dice)
        siblings = {key[-1] for key in keys(Config, spec) if key[:-1] == pointer[:-1]}
        if wrong in siblings or not wrong:
            continue
        tried += 1
        right += f"did you mean `{name}`?" == meant((*pointer[:-1], wrong), spec)
    assert right >= 950


def test_hints_stand_in_reports_but_not_in_the_drop_in() -> None:
    text = b"variant: fcos\nversion: 1.5.0\nstorag: {}\n"
    assert [entry.hint for entry in compile_text(text).report] == ["did you mean `storage`?"]
    assert [entry.hint for entry in compile_text(text, as_reference=True).report] == [None]


def test_many_unknown_keys_cost_little() -> None:
    text = b"variant: fcos\nversion: 1.5.0\n" + b"".join(b"storag%d: 1\n" % number for number in range(3 * MAX_ADVISED))
    hints = [entry.hint for entry in compile_text(text).report]
    assert sum(hint is not None for hint in hints) <= MAX_ADVISED
