"""The definitions of a template go in, a closure for each comes out that writes what it makes to a Run.

The rules are those of text/template/exec.go (Go 1.27).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from stoker.templates.gotext import tree
from stoker.templates.gotext.errors import TemplateLimitError
from stoker.templates.gotext.expressions import Expressions, Frame, assigned_slot, last_node, new_frame
from stoker.templates.gotext.literals import to_bytes
from stoker.templates.gotext.messages import LIMIT
from stoker.templates.gotext.printing import sprint
from stoker.templates.gotext.run import Run
from stoker.templates.gotext.values import Value, is_true

Write = Callable[[Run, Frame, Value], None]

NO_VALUE: Final = "<no value>"


class BreakError(Exception):
    """`{{break}}`."""


class ContinueError(Exception):
    """`{{continue}}`."""


def compile_definitions(definitions: dict[str, tree.Definition], place: Callable[[int], str]) -> dict[str, Write]:
    """A closure for each definition, by name; `place` names an offset in complaints."""
    compiled: dict[str, Write] = {}
    frame_sizes = {name: definition.frame_size for name, definition in definitions.items()}
    for name, definition in definitions.items():
        compiled[name] = Nodes(Expressions(name, place), compiled, frame_sizes).nodes(definition.nodes)
    return compiled


class Nodes:
    """Compiles the nodes of one definition; `compiled` fills with its siblings, which it may invoke."""

    def __init__(self, expressions: Expressions, compiled: dict[str, Write], frame_sizes: dict[str, int]) -> None:
        self.expressions = expressions
        self.compiled = compiled
        self.frame_sizes = frame_sizes

    def nodes(self, nodes: list[tree.Node]) -> Write:
        """One after the other."""
        writes = [self._node(node) for node in nodes]
        if len(writes) == 1:
            return writes[0]

        def write_all(run: Run, frame: Frame, dot: Value) -> None:
            for write in writes:
                write(run, frame, dot)

        return write_all

    def _node(self, node: tree.Node) -> Write:
        match node:
            case tree.Text():
                return self._text(node)
            case tree.Action():
                return self._action(node)
            case tree.If():
                return self._if(node)
            case tree.With():
                return self._with(node)
            case tree.Range():
                return self._range(node)
            case tree.Invocation():
                return self._invocation(node)
            case tree.Break():
                return _break
            case tree.Continue():
                return _continue

    def _text(self, node: tree.Text) -> Write:
        text, mark = node.text, -node.line

        def write_text(run: Run, _frame: Frame, _dot: Value) -> None:
            run.write(text, mark)

        return write_text

    def _action(self, node: tree.Action) -> Write:
        evaluate, line = self.expressions.pipe(node.pipe), node.line
        if node.pipe.variables:

            def declare(run: Run, frame: Frame, dot: Value) -> None:
                evaluate(run, frame, dot)

            return declare

        def write_value(run: Run, frame: Frame, dot: Value) -> None:
            value = evaluate(run, frame, dot)
            if type(value) is not str:
                value = NO_VALUE if value is None else _print(run, value)
            run.write(value, line)

        return write_value

    def _if(self, node: tree.If) -> Write:
        evaluate = self.expressions.pipe(node.pipe)
        body, otherwise = self.nodes(node.body), self.nodes(node.otherwise)

        def choose(run: Run, frame: Frame, dot: Value) -> None:
            (body if is_true(evaluate(run, frame, dot)) else otherwise)(run, frame, dot)

        return choose

    def _with(self, node: tree.With) -> Write:
        evaluate, otherwise = self.expressions.pipe(node.pipe), self.nodes(node.otherwise)
        body = self._body(node.body, is_boxed=False)

        def narrow(run: Run, frame: Frame, dot: Value) -> None:
            value = evaluate(run, frame, dot)
            if is_true(value):
                body(run, frame, value)
            else:
                otherwise(run, frame, dot)

        return narrow

    def _body(self, nodes: list[tree.Node], is_boxed: bool) -> Write:
        outer, self.expressions.is_boxed = self.expressions.is_boxed, is_boxed
        write = self.nodes(nodes)
        self.expressions.is_boxed = outer
        return write

    def _range(self, node: tree.Range) -> Write:
        evaluate = self.expressions.pipe(node.pipe)
        set_pair = self._iteration_variables(node.pipe)
        body, otherwise = self._body(node.body, is_boxed=True), self.nodes(node.otherwise)
        has_two = len(node.pipe.variables) > 1

        def repeat(run: Run, frame: Frame, dot: Value) -> None:
            value = evaluate(run, frame, dot)
            is_empty = True
            for key, element in self._elements(value, node.pipe, has_two):
                is_empty = False
                run.spend()
                set_pair(frame, key, element)
                try:
                    body(run, frame, element)
                except ContinueError:
                    continue
                except BreakError:
                    break
            if is_empty:
                otherwise(run, frame, dot)

        return repeat

    def _iteration_variables(self, pipe: tree.Pipe) -> Callable[[Frame, Value, Value], None]:
        slots = [assigned_slot(variable) for variable in pipe.variables]
        if not slots:
            return lambda _frame, _key, _element: None
        self.expressions.boxed_slots.add(slots[-1])
        last = slots[-1]
        if len(slots) == 1:

            def set_element(frame: Frame, _key: Value, element: Value) -> None:
                frame[last] = element

            return set_element

        def set_both(frame: Frame, key: Value, element: Value) -> None:
            frame[slots[0]] = key
            frame[last] = element

        return set_both

    def _elements(self, value: Value, pipe: tree.Pipe, has_two: bool) -> Iterable[tuple[Value, Value]]:
        if isinstance(value, list):
            return zip(range(len(value)), value, strict=True)
        if isinstance(value, dict):
            return [(key, value[key]) for key in sorted(value, key=to_bytes)]
        if value is None:
            return []
        last = last_node(pipe)
        if isinstance(value, int) and not isinstance(value, bool):
            if has_two:
                text = f"can't use {value} to iterate over more than one variable"
                raise self.expressions.fault(last, last.offset, text)
            return zip(range(value), range(value), strict=True)
        raise self.expressions.fault(last, last.offset, f"range can't iterate over {sprint(value)}")

    def _invocation(self, node: tree.Invocation) -> Write:
        evaluate = self.expressions.pipe(node.pipe or tree.Pipe(node.offset))
        name, compiled, frame_size = node.name, self.compiled, self.frame_sizes.get(node.name, 1)

        def invoke(run: Run, frame: Frame, dot: Value) -> None:
            if name not in compiled:
                raise self.expressions.fault(node, node.offset, f"template {node.quoted} not defined")
            if run.depth == run.limits.depth:
                text = f"exceeded maximum template depth ({run.limits.depth})"
                fault = self.expressions.fault(node, node.offset, text)
                raise TemplateLimitError(fault.text, fault.offset, LIMIT)
            run.spend()
            value = evaluate(run, frame, dot)
            run.depth += 1
            compiled[name](run, new_frame(value, frame_size), value)
            run.depth -= 1

        return invoke


def _print(run: Run, value: Value) -> str:
    try:
        text = sprint(value, limit=run.limits.output)
    except OverflowError:
        raise run.too_long() from None
    if isinstance(value, (list, dict)):
        run.spend_printing(text)
    return text


def _break(_run: Run, _frame: Frame, _dot: Value) -> None:
    raise BreakError


def _continue(_run: Run, _frame: Frame, _dot: Value) -> None:
    raise ContinueError
