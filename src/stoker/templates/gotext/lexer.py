"""The text of a template goes in, its tokens come out, each with its offset and line.

The language is that of Go's text/template/parse/lex.go (Go 1.27) with the delimiters `{{` and `}}`. An error ends the
list as a token of kind ERROR whose text is Go's; the parser reports it when it gets there.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import ClassVar, Final, NamedTuple

LEFT: Final = "{{"
RIGHT: Final = "}}"
SPACES: Final = " \t\r\n"


class Kind(enum.Enum):
    """What a token is."""

    ERROR = "error"
    EOF = "EOF"
    TEXT = "text"
    LEFT_DELIM = "left delim"
    RIGHT_DELIM = "right delim"
    SPACE = "space"
    ASSIGN = "="
    DECLARE = ":="
    PIPE = "|"
    LEFT_PAREN = "("
    RIGHT_PAREN = ")"
    CHAR = "char"
    CHARACTER = "character constant"
    COMPLEX = "complex"
    NUMBER = "number"
    STRING = "string"
    RAW_STRING = "raw string"
    BOOL = "bool"
    IDENTIFIER = "identifier"
    FIELD = "field"
    VARIABLE = "variable"
    DOT = "."
    NIL = "nil"
    BLOCK = "block"
    BREAK = "break"
    CONTINUE = "continue"
    DEFINE = "define"
    ELSE = "else"
    END = "end"
    IF = "if"
    RANGE = "range"
    TEMPLATE = "template"
    WITH = "with"


class Token(NamedTuple):
    """A piece of a template: its kind, its text, its offset in characters and its line, from 1."""

    kind: Kind
    text: str
    offset: int
    line: int


KEYWORDS: Final = {
    kind.value: kind
    for kind in (
        *(Kind.BLOCK, Kind.BREAK, Kind.CONTINUE, Kind.DEFINE, Kind.ELSE, Kind.END),
        *(Kind.IF, Kind.NIL, Kind.RANGE, Kind.TEMPLATE, Kind.WITH),
    )
}
SINGLE: Final = {"=": Kind.ASSIGN, "|": Kind.PIPE}
ALPHANUMERIC: Final = re.compile(r"\w*")
SPACE_RUN: Final = re.compile(r"[ \t\r\n]*")
QUOTED: Final = re.compile(r'"(?:\\[^\n]|[^"\\\n])*("?)', re.DOTALL)
CHARACTER: Final = re.compile(r"'(?:\\[^\n]|[^'\\\n])*('?)", re.DOTALL)
NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)


class LexError(Exception):
    """The tokens end here, for the reason given."""


class Lexer:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.start = 0
        self.line = 1
        self.counted = 0
        self.parentheses = 0
        self.tokens: list[Token] = []

    def run(self) -> list[Token]:
        """All tokens; the last is EOF or ERROR."""
        try:
            while self._lex_text():
                self._lex_action()
            self._emit(Kind.EOF)
        except LexError as error:
            self.tokens.append(Token(Kind.ERROR, str(error), self.start, self._line_at(self.start)))
        return self.tokens

    def _line_at(self, offset: int) -> int:
        self.line += self.text.count("\n", self.counted, offset)
        self.counted = offset
        return self.line

    def _emit(self, kind: Kind) -> None:
        line = self._line_at(self.start)
        self.tokens.append(Token(kind, self.text[self.start : self.position], self.start, line))
        self.start = self.position

    def _lex_text(self) -> bool:
        """Take the text before the next action or comment; tell whether an action follows."""
        while (left := self.text.find(LEFT, self.position)) >= 0:
            inside = left + len(LEFT)
            trims = self.text[inside : inside + 1] == "-" and self.text[inside + 1 : inside + 2] in tuple(SPACES)
            self.position = left
            if trims:
                self.position = self.start + len(self.text[self.start : left].rstrip(SPACES))
            if self.position > self.start:
                self._emit(Kind.TEXT)
            self.start, self.position = left, inside
            after = inside + 2 * trims
            if not self.text.startswith("/*", after):
                self._emit(Kind.LEFT_DELIM)
                self.start = self.position = after
                return True
            self._skip_comment(after)
        self.position = len(self.text)
        if self.position > self.start:
            self._emit(Kind.TEXT)
        return False

    def _skip_comment(self, offset: int) -> None:
        self.start = offset
        end = self.text.find("*/", offset + 2)
        if end < 0:
            raise LexError("unclosed comment")
        self.position = end + 2
        if not self._at_right():
            raise LexError("comment ends before closing delimiter")
        self._skip_right()
        self.start = self.position

    def _at_trim(self) -> bool:
        return self.text[self.position : self.position + 1] in tuple(SPACES) and self.text.startswith(
            "-" + RIGHT, self.position + 1
        )

    def _at_right(self) -> bool:
        return self._at_trim() or self.text.startswith(RIGHT, self.position)

    def _skip_right(self) -> None:
        trims = self._at_trim()
        self.position += len(RIGHT) + 2 * trims
        if trims:
            self.position = _end(SPACE_RUN, self.text, self.position)

    def _lex_action(self) -> None:
        """Take the tokens of one action, its right delimiter included."""
        self.parentheses = 0
        while not self._at_right():
            self._lex_inside()
        if self.parentheses:
            raise LexError("unclosed left paren")
        self.start = self.position + 2 * self._at_trim()
        line = self._line_at(self.start)
        self.tokens.append(Token(Kind.RIGHT_DELIM, RIGHT, self.start, line))
        self._skip_right()
        self.start = self.position

    def _lex_inside(self) -> None:
        if self.position >= len(self.text):
            raise LexError("unclosed action")
        letter = self.text[self.position]
        rule = self._RULES.get(letter)
        if rule is not None:
            rule(self)
        elif letter in "+-0123456789":
            self._lex_number()
        elif letter == "_" or letter.isalnum():
            self._lex_word()
        elif letter.isascii() and letter.isprintable():
            self._take(SINGLE.get(letter, Kind.CHAR))
        else:
            raise LexError(f"unrecognized character in action: {describe_character(letter)}")

    def _take(self, kind: Kind, length: int = 1) -> None:
        self.position += length
        self._emit(kind)

    def _lex_space(self) -> None:
        while self.position < len(self.text) and self.text[self.position] in SPACES and not self._at_trim():
            self.position += 1
        self._emit(Kind.SPACE)

    def _lex_colon(self) -> None:
        if not self.text.startswith(":=", self.position):
            raise LexError("expected :=")
        self._take(Kind.DECLARE, 2)

    def _lex_paren(self) -> None:
        opens = self.text[self.position] == "("
        self.parentheses += 1 if opens else -1
        if self.parentheses < 0:
            raise LexError("unexpected right paren")
        self._take(Kind.LEFT_PAREN if opens else Kind.RIGHT_PAREN)

    def _lex_quoted(self) -> None:
        self._lex_delimited(QUOTED, Kind.STRING, "unterminated quoted string")

    def _lex_character(self) -> None:
        self._lex_delimited(CHARACTER, Kind.CHARACTER, "unterminated character constant")

    def _lex_delimited(self, pattern: re.Pattern[str], kind: Kind, complaint: str) -> None:
        found = pattern.match(self.text, self.position)
        if found is None or not found.group(1):
            raise LexError(complaint)
        self.position = found.end()
        self._emit(kind)

    def _lex_raw(self) -> None:
        end = self.text.find("`", self.position + 1)
        if end < 0:
            raise LexError("unterminated raw quoted string")
        self.position = end + 1
        self._emit(Kind.RAW_STRING)

    def _lex_dot(self) -> None:
        following = self.text[self.position + 1 : self.position + 2]
        if following.isascii() and following.isdigit():
            self._lex_number()
        else:
            self._lex_name(Kind.FIELD, Kind.DOT)

    def _lex_variable(self) -> None:
        self._lex_name(Kind.VARIABLE, Kind.VARIABLE)

    def _lex_name(self, kind: Kind, bare: Kind) -> None:
        """A field or a variable; a bare `.` or `$` is one of kind `bare`."""
        self.position = _end(ALPHANUMERIC, self.text, self.position + 1)
        self._check_terminator()
        self._emit(bare if self.position == self.start + 1 else kind)

    def _lex_word(self) -> None:
        self.position = _end(ALPHANUMERIC, self.text, self.position)
        self._check_terminator()
        word = self.text[self.start : self.position]
        self._emit(Kind.BOOL if word in ("true", "false") else KEYWORDS.get(word, Kind.IDENTIFIER))

    def _lex_number(self) -> None:
        kind = Kind.NUMBER
        self._scan_number()
        if self.text[self.position : self.position + 1] in ("+", "-"):
            self._scan_number()
            kind = Kind.COMPLEX
            if self.text[self.position - 1] != "i":
                raise self._bad_number()
        self._emit(kind)

    def _scan_number(self) -> None:
        self.position = _end(NUMBER, self.text, self.position)
        following = self.text[self.position : self.position + 1]
        if following == "_" or following.isalnum():
            self.position += 1
            raise self._bad_number()

    def _bad_number(self) -> LexError:
        return LexError(f'bad number syntax: "{self.text[self.start : self.position]}"')

    def _check_terminator(self) -> None:
        following = self.text[self.position : self.position + 1]
        if following and following not in SPACES + ".,|:()" and not self.text.startswith(RIGHT, self.position):
            raise LexError(f"bad character {describe_character(following)}")

    _RULES: ClassVar[dict[str, Callable[[Lexer], None]]] = {
        **dict.fromkeys(SPACES, _lex_space),
        ":": _lex_colon,
        '"': _lex_quoted,
        "`": _lex_raw,
        "$": _lex_variable,
        "'": _lex_character,
        ".": _lex_dot,
        "(": _lex_paren,
        ")": _lex_paren,
    }


def _end(pattern: re.Pattern[str], text: str, offset: int) -> int:
    found = pattern.match(text, offset)
    return offset if found is None else found.end()


def describe_character(letter: str) -> str:
    """A character as Go's `%#U` writes it: `U+0021 '!'`."""
    code = f"U+{ord(letter):04X}"
    return f"{code} '{letter}'" if letter.isprintable() else code
