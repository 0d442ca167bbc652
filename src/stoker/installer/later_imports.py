"""Find what a program may import: in go the modules that it begins with, out come those that its functions name too.

Run as a program of its own: `later_imports.py MODULE...`, with the module path as JSON on stdin; the names go to
stdout as JSON. Only functions of our own modules are read: what others import late is theirs to do without.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import importlib
import json
import os
import sys
from collections.abc import Iterator
from types import ModuleType

OURS = "stoker."
# What C code of the interpreter imports by name when it is needed: host names, and dates that are read.
BY_NAME = ("encodings.idna", "_strptime")


def all_imports(roots: list[str]) -> list[str]:
    """The roots and every module that a function of ours would import when it is called, as far as it is installed."""
    names = [*roots, *BY_NAME]
    for name in names:
        importlib.import_module(name)
    seen: set[str] = set()
    while fresh := sorted(name for name in sys.modules if name.startswith(OURS) and name not in seen):
        seen.update(fresh)
        later = {name for module in fresh for name in _later_imports(sys.modules[module])}
        names += [name for name in sorted(later) if _can_import(name)]
    return list(dict.fromkeys([*names, *_codecs()]))


def _codecs() -> list[str]:
    """The modules of the codecs that anything imported names when it reads or writes text."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        for name in _encodings(path) if path.endswith(".py") and os.path.isfile(path) else ():
            with contextlib.suppress(LookupError):
                codecs.lookup(name)
    return sorted(name for name in sys.modules if name.startswith("encodings."))


def _encodings(path: str) -> Iterator[str]:
    """What a module gives as `encoding`, or to `encode` and `decode`."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call):
            values = [keyword.value for keyword in node.keywords if keyword.arg == "encoding"]
            if isinstance(node.func, ast.Attribute) and node.func.attr in {"encode", "decode"}:
                values += node.args[:1]
            yield from (v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str))


def _tree(path: str) -> ast.Module:
    with open(path, "rb") as file:
        return ast.parse(file.read())


def _later_imports(module: ModuleType) -> Iterator[str]:
    """What a module's functions import; a name imported from a package may be a module too."""
    for function in ast.walk(_tree(module.__file__ or os.devnull)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module
                    yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _can_import(name: str) -> bool:
    """Whether it is a module at all, and not one of an extra that is not installed: nobody can call for that."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    sys.path[:] = json.loads(sys.stdin.read())
    os.write(1, json.dumps(all_imports(sys.argv[1:])).encode())
