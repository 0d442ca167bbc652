"""The tokens of a template go in, its definitions come out: the main one and those of `define` and `block`.

The grammar and its complaints are those of Go's text/template/parse/parse.go (Go 1.27). Variables are resolved here:
each declaration gets a slot in the frame of its template, so running never looks a name up. Raises TemplateSyntaxError.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, NoReturn

from stoker.templates.gotext import tree
from stoker.templates.gotext.errors import TemplateSyntaxError
from stoker.templates.gotext.lexer import KEYWORDS, Kind, Lexer, Token
from stoker.templates.gotext.literals import parse_number, unquote, unquote_character
from stoker.templates.gotext.messages import LIMIT, SYNTAX

MAX_NESTING: Final = 64
MAX_VARIABLES: Final = 1000
OPERAND_START: Final = {
    *(Kind.BOOL, Kind.CHARACTER, Kind.COMPLEX, Kind.DOT, Kind.FIELD, Kind.IDENTIFIER, Kind.NUMBER),
    *(Kind.NIL, Kind.RAW_STRING, Kind.STRING, Kind.VARIABLE, Kind.LEFT_PAREN),
}
NOT_EXECUTABLE: Final = (tree.Literal, tree.Dot, tree.Nil)
NAMED_IN_ANGLES: Final = {*KEYWORDS.values(), Kind.DOT}


@dataclass(slots=True)
class Ending:
    """What closes a list of nodes: `{{end}}` or `{{else}}`."""

    is_else: bool

    def __str__(self) -> str:
        return "{{else}}" if self.is_else else "{{end}}"


@dataclass(slots=True)
class Scope:
    """What is known while one definition is read."""

    definition: tree.Definition
    variables: list[tuple[str, int]] = field(default_factory=lambda: [("$", 0)])
    range_depth: int = 0


class Parser:
    """One pass over the tokens of one text."""

    def __init__(self, name: str, text: str, functions: Container[str]) -> None:
        self.name = name
        self.tokens = Lexer(text).run()
        self.index = 0
        self.furthest = 0
        self.functions = functions
        self.definitions: dict[str, tree.Definition] = {}
        self.scope = Scope(tree.Definition(name))
        self.action_line = 0
        self.nesting = 0

    def parse(self) -> dict[str, tree.Definition]:
        """All definitions by name; the main one is under the name of the template."""
        main = self.scope.definition
        while self._peek().kind is not Kind.EOF:
            if self._at_define():
                self._parse_definition()
                continue
            node = self._text_or_action()
            if isinstance(node, Ending):
                self._fail(f"unexpected {node}")
            main.nodes.append(node)
        self._add(main)
        return self.definitions

    # The tokens.

    def _next(self) -> Token:
        token = self.tokens[min(self.index, len(self.tokens) - 1)]
        self.index += 1
        self.furthest = max(self.furthest, self.index)
        return token

    def _peek(self) -> Token:
        token = self._next()
        self.index -= 1
        return token

    def _next_visible(self) -> Token:
        token = self._next()
        return self._next() if token.kind is Kind.SPACE else token

    def _peek_visible(self) -> Token:
        token = self._next_visible()
        self.index -= 1
        return token

    def _expect(self, context: str, *kinds: Kind) -> Token:
        token = self._next_visible()
        if token.kind not in kinds:
            self._unexpected(token, context)
        return token

    # Complaints.

    def _fail(self, text: str) -> NoReturn:
        token = self.tokens[min(max(self.furthest, 1), len(self.tokens)) - 1]
        raise TemplateSyntaxError(f"template: {self.name}:{token.line}: {text}", token.offset, SYNTAX)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind is not Kind.ERROR:
            self._fail(f"unexpected {describe_token(token)} in {context}")
        extra = ""
        if self.action_line not in (0, token.line):
            extra = f" in action started at {self.name}:{self.action_line}"
            extra = extra.removeprefix(" in action") if token.text.endswith(" action") else extra
        self._fail(token.text + extra)

    def _enter(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self._exceed(f"maximum nesting ({MAX_NESTING})")

    def _exceed(self, what: str) -> NoReturn:
        token = self._peek()
        raise TemplateSyntaxError(f"template: {self.name}:{token.line}: exceeded {what}", token.offset, LIMIT)

    # Definitions.

    def _at_define(self) -> bool:
        start = self.index
        if self._next().kind is Kind.LEFT_DELIM and self._next_visible().kind is Kind.DEFINE:
            return True
        self.index = start
        return False

    def _parse_definition(self) -> None:
        context = "define clause"
        name = self._unquote(self._expect(context, Kind.STRING, Kind.RAW_STRING))
        self._expect(context, Kind.RIGHT_DELIM)
        self._parse_body(name, context)

    def _parse_body(self, name: str, context: str) -> None:
        """Read the nodes of a definition of its own, up to its `{{end}}`."""
        outer, self.scope = self.scope, Scope(tree.Definition(name))
        nodes, ending = self._list()
        if ending.is_else:
            self._fail(f"unexpected {ending} in {context}")
        self.scope.definition.nodes = nodes
        self._add(self.scope.definition)
        self.scope = outer

    def _add(self, definition: tree.Definition) -> None:
        existing = self.definitions.get(definition.name)
        if existing is None or existing.is_empty:
            self.definitions[definition.name] = definition
        elif not definition.is_empty:
            self._fail(f'template: multiple definition of template "{definition.name}"')

    # Lists of nodes and actions.

    def _list(self) -> tuple[list[tree.Node], Ending]:
        nodes: list[tree.Node] = []
        while True:
            if self._peek_visible().kind is Kind.EOF:
                self._fail("unexpected EOF")
            node = self._text_or_action()
            if isinstance(node, Ending):
                return nodes, node
            nodes.append(node)

    def _text_or_action(self) -> tree.Node | Ending:
        token = self._next_visible()
        if token.kind is Kind.TEXT:
            return tree.Text(token.offset, token.line, token.text)
        if token.kind is not Kind.LEFT_DELIM:
            self._unexpected(token, "input")
        self.action_line = token.line
        node = self._action()
        self.action_line = 0
        return node

    def _action(self) -> tree.Node | Ending:
        token = self._next_visible()
        match token.kind:
            case Kind.IF | Kind.WITH | Kind.RANGE:
                return self._control(token)
            case Kind.END:
                self._expect("end", Kind.RIGHT_DELIM)
                return Ending(is_else=False)
            case Kind.ELSE:
                if self._peek_visible().kind not in (Kind.IF, Kind.WITH):
                    self._expect("else", Kind.RIGHT_DELIM)
                return Ending(is_else=True)
            case Kind.TEMPLATE:
                return self._template()
            case Kind.BLOCK:
                return self._block()
            case Kind.BREAK | Kind.CONTINUE:
                return self._jump(token)
        self.index -= 1
        token = self._peek()
        return tree.Action(token.offset, token.line, self._pipeline("command", Kind.RIGHT_DELIM))

    def _jump(self, token: Token) -> tree.Node:
        spelled = f"{{{{{token.text}}}}}"
        self._expect(spelled, Kind.RIGHT_DELIM)
        if not self.scope.range_depth:
            self._fail(f"{spelled} outside {{{{range}}}}")
        return tree.Break(token.offset) if token.kind is Kind.BREAK else tree.Continue(token.offset)

    def _control(self, keyword: Token) -> tree.If | tree.With | tree.Range:
        self._enter()
        outer = len(self.scope.variables)
        is_range = keyword.kind is Kind.RANGE
        pipe = self._pipeline(keyword.text, Kind.RIGHT_DELIM)
        self.scope.range_depth += is_range
        body, ending = self._list()
        self.scope.range_depth -= is_range
        otherwise = self._otherwise(keyword) if ending.is_else else []
        del self.scope.variables[outer:]
        self.nesting -= 1
        if is_range:
            return tree.Range(pipe.offset, pipe, body, otherwise)
        if keyword.kind is Kind.WITH:
            return tree.With(pipe.offset, pipe, body, otherwise)
        return tree.If(pipe.offset, pipe, body, otherwise)

    def _otherwise(self, keyword: Token) -> list[tree.Node]:
        """The nodes after `{{else}}`; `{{else if}}` and `{{else with}}` share the `{{end}}` of what they continue."""
        if keyword.kind is not Kind.RANGE and self._peek().kind is keyword.kind:
            return [self._control(self._next())]
        nodes, ending = self._list()
        if ending.is_else:
            self._fail(f"expected end; found {ending}")
        return nodes

    def _template(self) -> tree.Invocation:
        context = "template clause"
        token = self._next_visible()
        name = self._template_name(token, context)
        pipe = None
        if self._next_visible().kind is not Kind.RIGHT_DELIM:
            self.index -= 1
            pipe = self._pipeline(context, Kind.RIGHT_DELIM)
        return tree.Invocation(token.offset, name, quote(name), pipe)

    def _block(self) -> tree.Invocation:
        context = "block clause"
        token = self._next_visible()
        name = self._template_name(token, context)
        pipe = self._pipeline(context, Kind.RIGHT_DELIM)
        self._enter()
        self._parse_body(name, context)
        self.nesting -= 1
        return tree.Invocation(token.offset, name, quote(name), pipe)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self._unexpected(token, context)
        return self._unquote(token)

    # Pipelines.

    def _pipeline(self, context: str, end: Kind) -> tree.Pipe:
        self._enter()
        pipe = tree.Pipe(self._peek_visible().offset)
        declared = self._declarations(pipe, context)
        # While the commands are read a new variable hides nothing: in `{{$x := f $x}}` the second is the outer one.
        self.scope.variables[:0] = declared
        while (token := self._next_visible()).kind is not end:
            if token.kind not in OPERAND_START:
                self._unexpected(token, context)
            self.index -= 1
            pipe.commands.append(self._command())
        self._check(pipe, context)
        del self.scope.variables[: len(declared)]
        self.scope.variables.extend(declared)
        self.nesting -= 1
        return pipe

    def _declarations(self, pipe: tree.Pipe, context: str) -> list[tuple[str, int]]:
        """Read `$x :=`, `$x =` or, after `range`, `$i, $x :=`."""
        names: list[Token] = []
        while self._peek_visible().kind is Kind.VARIABLE:
            start = self.index
            variable = self._next_visible()
            following = self._peek_visible()
            if following.kind in (Kind.ASSIGN, Kind.DECLARE):
                self._next_visible()
                names.append(variable)
                pipe.is_assignment = following.kind is Kind.ASSIGN
                return self._bind(pipe, names)
            if following.kind is not Kind.CHAR or following.text != ",":
                self.index = start
                break
            self._next_visible()
            names.append(variable)
            if context != "range" or len(names) > 1:
                self._fail(f"too many declarations in {context}")
            if self._peek_visible().kind not in (Kind.VARIABLE, Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                self._fail("range can only initialize variables")
        return self._bind(pipe, names)

    def _bind(self, pipe: tree.Pipe, names: list[Token]) -> list[tuple[str, int]]:
        """Give new variables their slots; an assignment finds those that are there."""
        bound: list[tuple[str, int]] = []
        for token in names:
            slot = self._slot(token.text)
            if not pipe.is_assignment:
                slot = self._add_slot()
                bound.append((token.text, slot))
            pipe.variables.append(tree.Variable(token.offset, token.text, (), slot))
        return bound

    def _add_slot(self) -> int:
        slot = self.scope.definition.frame_size
        if slot == MAX_VARIABLES:
            self._exceed(f"maximum variables ({MAX_VARIABLES})")
        self.scope.definition.frame_size += 1
        return slot

    def _slot(self, name: str) -> int | None:
        return next((slot for known, slot in reversed(self.scope.variables) if known == name), None)

    def _check(self, pipe: tree.Pipe, context: str) -> None:
        if not pipe.commands:
            self._fail(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.operands[0], NOT_EXECUTABLE):
                self._fail(f"non executable command in pipeline stage {stage}")

    def _command(self) -> tree.Command:
        command = tree.Command(self._peek_visible().offset)
        while True:
            self._peek_visible()
            operand = self._operand()
            if operand is not None:
                command.operands.append(operand)
            token = self._next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                self.index -= 1
            elif token.kind is not Kind.PIPE:
                self._unexpected(token, "operand")
            break
        if not command.operands:
            self._fail("empty command")
        return command

    def _operand(self) -> tree.Operand | None:
        node = self._term()
        first = self._peek()
        if node is None or first.kind is not Kind.FIELD:
            return node
        names: list[str] = []
        while self._peek().kind is Kind.FIELD:
            names.append(self._next().text[1:])
        if isinstance(node, tree.Field):
            return tree.Field(first.offset, (*node.names, *names))
        if isinstance(node, tree.Variable):
            return tree.Variable(first.offset, node.name, (*node.names, *names), node.slot)
        if isinstance(node, NOT_EXECUTABLE):
            self._fail(f"unexpected . after term {quote(str(node))}")
        return tree.Chain(first.offset, node, tuple(names))

    def _term(self) -> tree.Operand | None:
        token = self._next_visible()
        match token.kind:
            case Kind.IDENTIFIER:
                if token.text not in self.functions:
                    self._fail(f'function "{token.text}" not defined')
                return tree.Identifier(token.offset, token.text)
            case Kind.DOT:
                return tree.Dot(token.offset)
            case Kind.NIL:
                return tree.Nil(token.offset)
            case Kind.VARIABLE:
                slot = self._slot(token.text)
                if slot is None:
                    self._fail(f'undefined variable "{token.text}"')
                return tree.Variable(token.offset, token.text, (), slot)
            case Kind.FIELD:
                return tree.Field(token.offset, (token.text[1:],))
            case Kind.BOOL:
                return tree.Literal(token.offset, token.text, token.text == "true")
            case Kind.STRING | Kind.RAW_STRING:
                return tree.Literal(token.offset, token.text, self._unquote(token))
            case Kind.CHARACTER | Kind.COMPLEX | Kind.NUMBER:
                return tree.Literal(token.offset, token.text, self._number(token))
            case Kind.LEFT_PAREN:
                return self._pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
        self.index -= 1
        return None

    def _number(self, token: Token) -> int | float | complex:
        try:
            if token.kind is Kind.CHARACTER:
                return unquote_character(token.text)
            return parse_number(token.text)
        except ValueError as error:
            self._fail(str(error))

    def _unquote(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except ValueError as error:
            self._fail(str(error))


def describe_token(token: Token) -> str:
    """A token as Go names it in a complaint."""
    if token.kind is Kind.EOF:
        return "EOF"
    if token.kind in NAMED_IN_ANGLES:
        return f"<{token.text}>"
    return quote(token.text[:10]) + "..." if len(token.text) > 10 else quote(token.text)


def quote(text: str) -> str:
    """Text as Go's `%q` writes it, for the plain characters of names and tokens."""
    special = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(special.get(letter, letter) for letter in text) + '"'
