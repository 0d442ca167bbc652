"""Documents gone wrong: a golden case's text, a seed, and out comes what a slip, a script or an attacker makes of it.

The same seed always gives the same mutant. There are three kinds of changes: to bytes, to lines, and to the tree that
the text says, which is then written in flow style with things in it that no emitter would write.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import yaml

from tests.butane.golden import CASES

MOST_CHANGES = 3
MOST_BYTES = 400_000
MOST_PARTS = 50_000
DEPTHS = [*(1, 2, 5, 30, 99, 250, 900) * 4, 9_000, 11_000]  # the last two are seldom: they take long
ODD_BYTES = [b"\0", b"\xff", b"\xc3", b"\x7f", b"\x85", b"\t", b"\r", b"\xef\xbb\xbf", "\u2028é😀".encode(), b"\\"]
ODD_LINES = [b"---", b"...", b"%YAML 1.2", b"# x", b"<<: *a", b"? [a]", b"}", b"'", b"a: &a b"]
ODD_SCALARS = [
    *("", "~", "null", "true", "yes", "'no'", "0644", "644", "0o7", "0x1f", "-1", "1e400", ".inf", "1:30", "=", "<<"),
    *("9" * 30, "9" * 5000, "-9223372036854775809", "2020-01-01", '"\\ud800"', '"\\0"', "!!binary /w==", "!!int x"),
    *("!!null x", "!!str", "!x y", "&a b", "*a", "*nowhere", "[]", "{}", "[~]", "{a: ~}", "'" + "x" * 3000 + "'"),
    *("'/..'", "'/a/../b'", "'../../etc/passwd'", "'data:,%zz'", "'http://[::1'", "'[Unit'", "'💥'", "? a", "- a"),
]


class Raw(str):
    """Text that is written into a tree as it is."""

    __slots__ = ()


class Mutant(NamedTuple):
    """A text, and the directory with the local files of the case that it was."""

    text: bytes
    files_dir: str


@functools.cache
def corpus(name: str) -> list[Mutant]:
    """Every golden file of a name, with the local files beside it."""
    return [Mutant(path.read_bytes(), str(path.parent / "files")) for path in sorted(CASES.glob(f"*/*/{name}"))]


def mutant(seed: int, name: str = "config.bu") -> Mutant:
    """The mutant of a golden file that `seed` stands for."""
    chance = random.Random(f"{name} {seed}")
    text, files_dir = chance.choice(corpus(name))
    for _ in range(chance.randint(1, MOST_CHANGES)):
        text = chance.choice((change_bytes, change_lines, change_tree))(text, chance)[:MOST_BYTES]
    return Mutant(text, files_dir)


def change_bytes(text: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice((1, 2, 20, 500)))
    changed: list[Callable[[], bytes]] = [
        lambda: text[:start] + text[end:],
        lambda: text[:start],
        lambda: text[:end] + text[start:],
        lambda: text[:start] + chance.choice(ODD_BYTES) + text[start:],
        lambda: text[:start] + chance.randbytes(end - start) + text[end:],
        lambda: text[:start] + text[start:end] * chance.choice((3, 50, 1000)) + text[end:],
        lambda: text.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-16-be", "utf-8-sig", "utf-32"))),
    ]
    return chance.choice(changed)()


def change_lines(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    here, there = chance.randrange(len(lines)), chance.randrange(len(lines))
    before, line, after = lines[:here], lines[here], lines[here + 1 :]
    changed: list[Callable[[], list[bytes]]] = [
        lambda: before + after,
        lambda: before + [line] * chance.choice((2, 3, 200)) + after,
        lambda: [*lines[:there], line, *lines[there:]],
        lambda: [*before, b"  " + line, *after],
        lambda: [*before, b"\t" + line.lstrip(), *after],
        lambda: [*before, line.lstrip(), *after],
        lambda: [*before, line.partition(b":")[0] + b": " + odd_scalar(chance), *after],
        lambda: [*before, b"- " * chance.choice(DEPTHS) + line, *after],
        lambda: [*before, chance.choice(ODD_LINES), *lines[here:]],
    ]
    return b"\n".join(chance.choice(changed)())


def odd_scalar(chance: random.Random) -> bytes:
    return chance.choice(ODD_SCALARS).encode("utf-8", "surrogatepass")


def change_tree(text: bytes, chance: random.Random) -> bytes:
    """Change one value of what the text says; a text that says nothing, or too much, is changed by lines."""
    try:
        root = [yaml.load(text, Loader=yaml.CBaseLoader)]
        holder, key = chance.choice(_places(root))
        holder[key] = chance.choice(CHANGES)(holder[key], chance)
        written: list[str] = []
        _write(root[0], written)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, TypeError, ValueError):
        return change_lines(text, chance)
    return "".join(written).encode("utf-8", "surrogatepass")


def _places(holder: Any) -> list[tuple[Any, Any]]:
    """Every place of a tree where a value stands: what holds it, and under which key."""
    found: list[tuple[Any, Any]] = []
    stack: list[Any] = [holder]
    while stack and len(found) < 3000:
        here = stack.pop()
        for key in here if isinstance(here, dict) else range(len(here)):
            found.append((here, key))
            if isinstance(here[key], dict | list):
                stack.append(here[key])
    return found


def _short(value: Any) -> str:
    """A little of a scalar, quoted; collections may be far larger than they look, so nothing of them."""
    return json.dumps(value[:100] if isinstance(value, str) else "")


def _bomb(value: Any, chance: random.Random) -> Any:
    """Aliases of aliases."""
    depth, width = chance.choice(((3, 3), (5, 10), (9, 9), (30, 30)))
    levels = [f"&a0 {_short(value)}"]
    levels += [f"&a{level} [{', '.join([f'*a{level - 1}'] * width)}]" for level in range(1, depth)]
    return Raw(f"[{', '.join(levels)}]")


def _nest(value: Any, chance: random.Random) -> Any:
    depth = chance.choice(DEPTHS)
    inner = _short(value)
    return Raw("[" * depth + inner + "]" * depth if chance.random() < 0.5 else "{a: " * depth + inner + "}" * depth)


def _put_odd(_value: Any, chance: random.Random) -> Any:
    return Raw(chance.choice(ODD_SCALARS))


def _put_alias(value: Any, chance: random.Random) -> Any:
    texts = ["&self [*self, {<<: *self}]", "{a: 1, a: 2, ? [b] : c, *x : d}", "&x {<<: [*x, *x]}", "[&x a, *x, *x]"]
    texts += [f"{{<<: {_short(value)}, <<: [{{a: b}}, c]}}"]
    return Raw(chance.choice(texts))


def _repeat(value: Any, chance: random.Random) -> Any:
    return chance.choice([[value, Raw("~"), value], [value] * chance.choice((2, 3, 1000)), _short(value) * 100])


def _wrap(value: Any, chance: random.Random) -> Any:
    return chance.choice([[value], {chance.choice(("name", "path", "<<", "a", "")): value}])


def _unwrap(value: Any, _chance: random.Random) -> Any:
    if isinstance(value, dict):
        return list(value.values())
    return value[0] if isinstance(value, list) and value else Raw("")


CHANGES: list[Callable[[Any, random.Random], Any]] = [
    *(_put_odd, _put_odd, _put_alias, _bomb, _nest),
    *(_repeat, _wrap, _unwrap),
]


def _write(value: Any, out: list[str]) -> None:
    """Write a tree in flow style, which JSON is too. Raises ValueError when it is large: aliases are written out."""
    if len(out) > MOST_PARTS:
        raise ValueError("too large")
    if isinstance(value, Raw):
        out.append(value)
    elif isinstance(value, dict):
        out.append("{")
        for index, (key, item) in enumerate(value.items()):
            out.append(", " if index else "")
            _write(key if isinstance(key, str) else str(key), out)
            out.append(": ")
            _write(item, out)
        out.append("}")
    elif isinstance(value, list):
        out.append("[")
        for index, item in enumerate(value):
            out.append(", " if index else "")
            _write(item, out)
        out.append("]")
    else:
        out.append(_scalar(str(value)))


def _scalar(text: str) -> str:
    """A scalar as it may have been: numbers and words that mean something stay plain."""
    return text if text.isdecimal() or text in {"true", "false"} else json.dumps(text, ensure_ascii=False)
