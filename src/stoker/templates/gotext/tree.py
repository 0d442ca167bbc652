"""The tree of a parsed template: nodes that know their offset and write themselves as Go writes them in errors."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Text:
    """Literal text between actions."""

    offset: int
    line: int
    text: str


@dataclass(slots=True)
class Dot:
    """`.`."""

    offset: int

    def __str__(self) -> str:
        return "."


@dataclass(slots=True)
class Nil:
    """`nil`."""

    offset: int

    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True)
class Literal:
    """A boolean, a string or a number, with the text that was written."""

    offset: int
    source: str
    value: bool | int | float | complex | str

    def __str__(self) -> str:
        return self.source


@dataclass(slots=True)
class Identifier:
    """The name of a function."""

    offset: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Field:
    """`.a.b`: keys below dot."""

    offset: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class Variable:
    """`$x.a.b`: a variable and keys below it; `slot` is its place in the frame of its template, None if unknown."""

    offset: int
    name: str
    names: tuple[str, ...]
    slot: int | None

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


@dataclass(slots=True)
class Chain:
    """`(pipeline).a.b`: keys below any other operand."""

    offset: int
    operand: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.operand})" if isinstance(self.operand, Pipe) else str(self.operand)
        return ".".join((inner, *self.names))


@dataclass(slots=True)
class Command:
    """Operands side by side: a function and its arguments, or one value."""

    offset: int
    operands: list[Operand] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(f"({each})" if isinstance(each, Pipe) else str(each) for each in self.operands)


@dataclass(slots=True)
class Pipe:
    """Commands joined by `|`, and the variables they set."""

    offset: int
    variables: list[Variable] = field(default_factory=list)
    is_assignment: bool = False
    commands: list[Command] = field(default_factory=list)

    def __str__(self) -> str:
        names = ", ".join(map(str, self.variables))
        sets = f"{names} {'=' if self.is_assignment else ':='} " if names else ""
        return sets + " | ".join(map(str, self.commands))


Operand = Dot | Nil | Literal | Identifier | Field | Variable | Chain | Pipe


@dataclass(slots=True)
class Action:
    """`{{pipeline}}`."""

    offset: int
    line: int
    pipe: Pipe


@dataclass(slots=True)
class If:
    """`{{if}}`, `{{else}}`, `{{end}}`."""

    offset: int
    pipe: Pipe
    body: list[Node]
    otherwise: list[Node]


@dataclass(slots=True)
class With:
    """`{{with}}`, `{{else}}`, `{{end}}`."""

    offset: int
    pipe: Pipe
    body: list[Node]
    otherwise: list[Node]


@dataclass(slots=True)
class Range:
    """`{{range}}`, `{{else}}`, `{{end}}`."""

    offset: int
    pipe: Pipe
    body: list[Node]
    otherwise: list[Node]


@dataclass(slots=True)
class Break:
    """`{{break}}`."""

    offset: int


@dataclass(slots=True)
class Continue:
    """`{{continue}}`."""

    offset: int


@dataclass(slots=True)
class Invocation:
    """`{{template "name" pipeline}}`, also what `{{block}}` leaves in its place."""

    offset: int
    name: str
    quoted: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {self.quoted}{f' {self.pipe}' if self.pipe else ''}}}}}"


Node = Text | Action | If | With | Range | Break | Continue | Invocation


@dataclass(slots=True)
class Definition:
    """A named template: its nodes and how many variables a frame of it holds, `$` included."""

    name: str
    nodes: list[Node] = field(default_factory=list)
    frame_size: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing but blanks; such a definition gives way to another of the same name."""
        return all(isinstance(node, Text) and not node.text.strip() for node in self.nodes)
