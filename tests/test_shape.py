"""The shape of the source: sizes, annotations, docstrings, and which room may do what."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "stoker"
MODULES = sorted(SOURCE.rglob("*.py"))
TREES = {str(path.relative_to(SOURCE)): ast.parse(path.read_bytes()) for path in MODULES}
LINES = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in MODULES}

Function = ast.FunctionDef | ast.AsyncFunctionDef

# What starts a process, and what ends or prints in this one; a dotted name as it is written at the call or import.
PROCESSES = {
    "subprocess",
    "multiprocessing",
    "pty",
    *(f"os.{name}" for name in ("fork", "forkpty", "popen", "posix_spawn", "posix_spawnp", "system", "startfile")),
    *(f"os.exec{end}" for end in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(f"os.spawn{end}" for end in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
}
TALK = {"print", "exit", "quit", "sys.exit", "os._exit", "sys.stdout", "sys.stderr"}

# rule -> (the names, the only rooms that may use them)
RESERVED = {
    "starts processes": (PROCESSES, {"system"}),
    "prints or exits": (TALK, {"cli", "__main__.py"}),
}


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def lacks_annotation(function: Function) -> bool:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    bare = [a for a in every if a is not None and a.annotation is None and a.arg not in {"self", "cls"}]
    return bool(bare) or function.returns is None


def names(tree: ast.Module) -> Iterator[str]:
    """Every name a module imports or uses, dotted where it is: `os.fork` for `from os import fork`, too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                yield node.module or ""
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
                yield f"{owner}.{attribute}"
            case ast.Name(id=name, ctx=ast.Load()):
                yield name


@pytest.mark.parametrize("module", TREES)
def test_a_module_is_at_most_500_lines_and_says_what_flows(module: str) -> None:
    assert LINES[module] <= 500
    assert ast.get_docstring(TREES[module])


@pytest.mark.parametrize("module", TREES)
def test_a_function_is_at_most_60_lines_and_annotated(module: str) -> None:
    found = list(functions(TREES[module]))
    assert [f"{f.name}: {length(f)} lines" for f in found if length(f) > 60] == []
    assert [f.name for f in found if lacks_annotation(f)] == []


@pytest.mark.parametrize("rule", RESERVED)
def test_only_the_room_for_it(rule: str) -> None:
    reserved, rooms = RESERVED[rule]
    found = [
        f"{module}: {name}"
        for module, tree in TREES.items()
        if module.partition("/")[0] not in rooms
        for name in names(tree)
        if name in reserved
    ]
    assert found == []


def test_the_middle_module_and_the_middle_function_are_small() -> None:
    assert statistics.median(LINES.values()) <= 150
    assert statistics.median(length(f) for tree in TREES.values() for f in functions(tree)) <= 8
