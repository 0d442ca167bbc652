"""Pipelines and operands go in, closures that return a value come out.

A closure takes the Run, the frame of the template's variables (slot 0 is `$`) and dot. The rules are those of
text/template/exec.go (Go 1.27), and so are the complaints, each at the node where Go would put it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NoReturn

from stoker.templates.gotext import tree
from stoker.templates.gotext.errors import RefusedError, TemplateExecutionError, TemplateLimitError
from stoker.templates.gotext.functions import FUNCTIONS, SHORT_CIRCUIT, Function, refuse_call
from stoker.templates.gotext.literals import INT_MAX
from stoker.templates.gotext.messages import EXECUTION, LIMIT, MISSING_KEY
from stoker.templates.gotext.run import Run
from stoker.templates.gotext.values import Value, is_true, type_name

Frame = list[Value]
Evaluate = Callable[[Run, Frame, Value], Value]
Keyed = tree.Field | tree.Variable | tree.Chain

UNSET: Final = object()


class Expressions:
    """Compiles the expressions of one definition.

    `is_boxed` says that dot is an element of a list or a map, and `boxed_slots` which variables are: Go holds such an
    element in an interface, and names that in its complaints.
    """

    def __init__(self, definition: str, place: Callable[[int], str]) -> None:
        self.definition = definition
        self.place = place
        self.is_boxed = False
        self.boxed_slots: set[int] = set()

    def fault(self, node: object, offset: int, text: str, key: str = "") -> TemplateExecutionError:
        """A complaint as Go writes it; `key` is the one that is missing."""
        where = f'{self.place(offset)}: executing "{self.definition}" at <{node}>'
        message = MISSING_KEY if key else EXECUTION
        return TemplateExecutionError(f"template: {where}: {text}", offset, message, key)

    def _refuse(self, node: tree.Operand, offset: int, text: str) -> Evaluate:
        """What always fails, but only when it is reached."""

        def refuse(_run: Run, _frame: Frame, _dot: Value) -> NoReturn:
            raise self.fault(node, offset, text)

        return refuse

    # Pipelines.

    def pipe(self, pipe: tree.Pipe) -> Evaluate:
        """A pipeline: the value of its last command."""
        evaluate: Evaluate | None = None
        for command in pipe.commands:
            evaluate = self._command(command, pipe, evaluate)
        if evaluate is None:
            return _nil
        return self._with_variables(pipe, evaluate) if pipe.variables else evaluate

    def _with_variables(self, pipe: tree.Pipe, evaluate: Evaluate) -> Evaluate:
        slots = [assigned_slot(variable) for variable in pipe.variables]
        self.boxed_slots.difference_update(slots)
        last = last_node(pipe)

        def assign(run: Run, frame: Frame, dot: Value) -> Value:
            value = evaluate(run, frame, dot)
            for variable, slot in zip(pipe.variables, slots, strict=True):
                if slot < 0:
                    raise self.fault(last, last.offset, f"undefined variable: {variable.name}")
                frame[slot] = value
            return value

        return assign

    def _command(self, command: tree.Command, pipe: tree.Pipe, final: Evaluate | None) -> Evaluate:
        first = command.operands[0]
        if isinstance(first, tree.Identifier):
            return self._function(first, command, command.operands[1:], final)
        if isinstance(first, tree.Nil):
            return self._refuse(first, first.offset, "nil is not a command")
        if len(command.operands) > 1 or final is not None:
            return self._refuse_arguments(first, pipe)
        return self._operand(first)

    def _refuse_arguments(self, first: tree.Operand, pipe: tree.Pipe) -> Evaluate:
        """Only functions take arguments; what Go says depends on what was given them."""
        if isinstance(first, tree.Pipe):
            return self._refuse(pipe, pipe.offset, f"can't give argument to non-function {first}")
        names: tuple[str, ...] = ()
        if isinstance(first, (tree.Field, tree.Variable, tree.Chain)):
            names = first.names
        if not names:
            return self._refuse(first, first.offset, f"can't give argument to non-function {first}")
        return self._operand(first, has_arguments=True)

    # Operands.

    def _operand(self, node: tree.Operand, *, has_arguments: bool = False) -> Evaluate:
        match node:
            case tree.Literal():
                return self._literal(node)
            case tree.Dot():
                return _dot
            case tree.Nil():
                return _nil
            case tree.Identifier():
                return self._function(node, node, [], None)
            case tree.Pipe():
                return self.pipe(node)
            case tree.Field():
                return self._keys(_dot, node, node.names, self.is_boxed, has_arguments)
            case tree.Variable():
                return self._variable(node, has_arguments)
            case tree.Chain():
                return self._chain(node, has_arguments)

    def _literal(self, node: tree.Literal) -> Evaluate:
        value = node.value
        if isinstance(value, int) and value > INT_MAX:
            return self._refuse(node, node.offset, f"{node.source} overflows int")
        return lambda _run, _frame, _dot: value

    def _variable(self, node: tree.Variable, has_arguments: bool) -> Evaluate:
        slot = assigned_slot(node)

        def read(_run: Run, frame: Frame, _dot: Value) -> Value:
            value = frame[slot]
            if value is UNSET:
                raise self.fault(node, node.offset, f"undefined variable: {node.name}")
            return value

        return self._keys(read, node, node.names, slot in self.boxed_slots, has_arguments)

    def _chain(self, node: tree.Chain, has_arguments: bool) -> Evaluate:
        if isinstance(node.operand, tree.Nil):
            return self._refuse(node, node.offset, f"indirection through explicit nil in {node}")
        return self._keys(self._operand(node.operand), node, node.names, False, has_arguments)

    def _keys(
        self,
        source: Evaluate,
        node: Keyed,
        names: tuple[str, ...],
        is_boxed: bool,
        has_arguments: bool,
    ) -> Evaluate:
        """`.a.b.c` below a source."""
        if not names:
            return source
        if len(names) == 1 and not has_arguments:
            name = names[0]

            def get_one(run: Run, frame: Frame, dot: Value) -> Value:
                value = source(run, frame, dot)
                if isinstance(value, dict) and name in value:
                    return value[name]
                return self._missing(run, value, name, node, is_boxed)

            return get_one

        def get(run: Run, frame: Frame, dot: Value) -> Value:
            value = source(run, frame, dot)
            for position, name in enumerate(names):
                if has_arguments and position == len(names) - 1 and isinstance(value, dict):
                    raise self.fault(node, node.offset, f"{name} is not a method but has arguments")
                if isinstance(value, dict) and name in value:
                    value = value[name]
                else:
                    value = self._missing(run, value, name, node, is_boxed or position > 0)
            return value

        return get

    def _missing(self, run: Run, value: Value, name: str, node: Keyed, is_boxed: bool) -> Value:
        """What a key that is not there gives, or the complaint about it."""
        if isinstance(value, dict):
            if run.is_strict:
                raise self.fault(node, node.offset, f'map has no entry for key "{name}"', key=name)
            return None
        if value is None:
            if is_boxed:
                raise self.fault(node, node.offset, f"nil pointer evaluating interface {{}}.{name}", key=name)
            if run.is_strict:
                raise self.fault(node, node.offset, f'nil data; no entry for key "{name}"', key=name)
            return None
        is_concrete = not is_boxed or (isinstance(value, int) and not isinstance(value, bool))
        held = type_name(value) if is_concrete else "interface {}"
        raise self.fault(node, node.offset, f"can't evaluate field {name} in type {held}")

    # Functions.

    def _function(
        self, name: tree.Identifier, node: object, arguments: list[tree.Operand], final: Evaluate | None
    ) -> Evaluate:
        count = len(arguments) + (final is not None)
        if name.name in SHORT_CIRCUIT:
            if not count:
                return self._wrong_count(name, "at least 1", len(arguments))
            return self._short_circuit(SHORT_CIRCUIT[name.name], arguments, final)
        function = FUNCTIONS[name.name]
        if function.most is None and count < function.least:
            return self._wrong_count(name, f"at least {function.least}", len(arguments))
        if function.most is not None and count != function.most:
            return self._wrong_count(name, str(function.most), count)
        evaluates = [self._operand(argument) for argument in arguments]
        if function.takes_text and arguments:
            evaluates[0] = self._text_argument(arguments[0])
        if name.name == "call" and arguments:
            written = str(arguments[0])
            function = replace(function, call=lambda callee, *_values: refuse_call(written, callee))
        return self._call(function, node, name, evaluates, final)

    def _call(
        self, function: Function, node: object, name: tree.Identifier, evaluates: list[Evaluate], final: Evaluate | None
    ) -> Evaluate:
        call = function.call

        def evaluate(run: Run, frame: Frame, dot: Value) -> Value:
            previous = () if final is None else (final(run, frame, dot),)
            values = [evaluate(run, frame, dot) for evaluate in evaluates]
            values.extend(previous)
            if function.takes_text and not isinstance(values[0], str):
                raise self.fault(name, name.offset, _not_text(values[0]))
            run.spend(values)
            try:
                value = call(*values)
            except RefusedError as error:
                raise self.fault(node, name.offset, f"error calling {function.name}: {error}") from None
            except OverflowError:
                raise TemplateLimitError(
                    f"exceeded maximum output ({run.limits.output} bytes)", name.offset, LIMIT
                ) from None
            if type(value) is str and len(value) > run.limits.output:
                raise run.too_long()
            run.spend((value,))
            if type(value) is str and any(isinstance(each, (list, dict)) for each in values):
                run.spend_printing(value)
            return value

        return evaluate

    def _wrong_count(self, name: tree.Identifier, wanted: str, got: int) -> Evaluate:
        text = f"wrong number of args for {name}: want {wanted} got {got}"
        return self._refuse(name, name.offset, text)

    def _text_argument(self, node: tree.Operand) -> Evaluate:
        """The first argument of `printf`, which has to be a string."""
        if isinstance(node, tree.Nil):
            return self._refuse(node, node.offset, "cannot assign nil to string")
        if isinstance(node, tree.Literal) and not isinstance(node.value, str):
            return self._refuse(node, node.offset, f"expected string; found {node}")
        evaluate = self._operand(node)
        last = _last_of(node)

        def text(run: Run, frame: Frame, dot: Value) -> Value:
            value = evaluate(run, frame, dot)
            if not isinstance(value, str):
                raise self.fault(last, last.offset, _not_text(value, is_pipe=isinstance(node, tree.Pipe)))
            return value

        return text

    def _short_circuit(self, stop: bool, arguments: list[tree.Operand], final: Evaluate | None) -> Evaluate:
        """`and` and `or`: the first argument that decides, else the last."""
        evaluates = [self._operand(argument) for argument in arguments]

        def decide(run: Run, frame: Frame, dot: Value) -> Value:
            previous = None if final is None else final(run, frame, dot)
            value: Value = None
            for evaluate in evaluates:
                value = evaluate(run, frame, dot)
                if is_true(value) is stop:
                    return value
            return value if final is None else previous

        return decide


def assigned_slot(variable: tree.Variable) -> int:
    """The slot of a variable, -1 if none of that name was declared."""
    return -1 if variable.slot is None else variable.slot


def new_frame(dot: Value, size: int) -> Frame:
    """The variables of one invocation: `$` and those not yet set."""
    return [dot, *(UNSET,) * (size - 1)]


def _not_text(value: Value, *, is_pipe: bool = True) -> str:
    if value is None and is_pipe:
        return "invalid value; expected string"
    return f"wrong type for value; expected string; got {type_name(value)}"


def last_node(pipe: tree.Pipe) -> tree.Operand:
    """The node that Go last looked at when it has evaluated a pipeline."""
    if not pipe.commands:
        return pipe
    return _last_of(pipe.commands[-1].operands[-1])


def _last_of(node: tree.Operand) -> tree.Operand:
    return last_node(node) if isinstance(node, tree.Pipe) else node


def _nil(_run: Run, _frame: Frame, _dot: Value) -> Value:
    return None


def _dot(_run: Run, _frame: Frame, dot: Value) -> Value:
    return dot
