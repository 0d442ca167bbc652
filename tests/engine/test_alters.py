"""Every operation says beforehand which paths it may change, and changes no others: else it could not be undone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from hypothesis import example, given, settings

from stoker.engine import Plan
from stoker.engine.errors import EngineFault
from stoker.engine.operations import Undoable
from stoker.engine.steady import plan_steady
from stoker.fetch import Embedded
from stoker.system import SystemFault
from tests.engine.conftest import read
from tests.engine.test_steady import BASE, configs

MakeTree = Callable[[], AbstractContextManager[Any]]


def everything(tree: Any, path: str = "/") -> dict[str, tuple[object, ...]]:
    """Everything below a path: rights and text."""
    found: dict[str, tuple[object, ...]] = {}
    for name in tree.system.list(path):
        child = f"{path.rstrip('/')}/{name}"
        text = tree.text(child)
        found[child] = (*tree.rights(child), text)
        found |= everything(tree, child) if text == "/" else {}
    return found


def is_told(path: str, told: dict[str, bool], *, is_new: bool) -> bool:
    """Whether a path is one of those told of, below one that is told of as a whole, or a new directory on the way."""
    whole = tuple(f"{each}/" for each, is_whole in told.items() if is_whole)
    way = is_new and any(each.startswith(f"{path}/") for each in told)
    return path in told or path.startswith(whole or ("\0",)) or way


def carry_out(tree: Any, planned: Plan) -> Iterable[str]:
    """Carry out a plan step by step; what is changed without having been told of."""
    for operation in planned.operations():
        assert isinstance(operation, Undoable)
        told = {tree.system.resolve(each.path): each.whole for each in operation.alters(tree.system)}
        before, has_failed = everything(tree), False
        try:
            operation.perform(tree.system, Embedded())
        except (EngineFault, SystemFault):
            has_failed = True
        after = everything(tree)
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        for path in sorted(changed):
            if not is_told(path, told, is_new=path not in before):
                yield f"{operation.describe()} changes {path}"
        if has_failed:
            return


@settings(max_examples=40, deadline=None, derandomize=True)
@given(configs())
def test_a_first_boot_changes_what_it_tells(new_tree: MakeTree, config: dict[str, Any]) -> None:
    with new_tree() as tree:
        tree.lay(BASE)
        assert list(carry_out(tree, tree.plan(copy.deepcopy(config)))) == []


NOTHING: dict[str, Any] = {"storage": {}, "passwd": {}, "systemd": {}}
# A file of the machine that a config gave another mode and another name: the name goes before the mode is put back.
TWO_NAMES: dict[str, Any] = {
    "storage": {
        "files": [{"path": "/etc/motd", "overwrite": True, "mode": 0o600}],
        "links": [{"path": "/b", "overwrite": True, "target": "/etc/motd", "hard": True}],
    },
    "passwd": {},
    "systemd": {},
}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(configs(), configs())
@example(TWO_NAMES, NOTHING)
def test_a_change_changes_what_it_tells(new_tree: MakeTree, first: dict[str, Any], second: dict[str, Any]) -> None:
    with new_tree() as tree:
        tree.lay(BASE)
        for config in (first, second):
            wanted = read(copy.deepcopy(config))
            planned = plan_steady(wanted, tree.system, tree.distribution, digest=str(config))
            if planned.report.has_errors:
                return
            assert list(carry_out(tree, planned)) == []
