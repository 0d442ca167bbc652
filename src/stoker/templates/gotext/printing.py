"""Go values go in, the text that Go's fmt package makes of them comes out: `print`, `println`, `printf`.

Rules of fmt/print.go and fmt/format.go (Go 1.27) for the values that templates have. A width or a precision beyond
a million is refused as Go refuses it; a text that grows beyond the limit raises OverflowError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from stoker.templates.gotext.literals import MAX_RUNE, to_bytes
from stoker.templates.gotext.numbers import format_float
from stoker.templates.gotext.quoting import can_backquote, quote, quote_rune
from stoker.templates.gotext.values import Byte, StringMap, Value, type_name

MAX_WIDTH: Final = 1_000_000
DEFAULT_LIMIT: Final = 64 << 20
INTEGER_BASES: Final = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
BASE_FORMATS: Final = {2: "b", 8: "o", 10: "d", 16: "x"}
BASE_PREFIXES: Final = {2: "0b", 16: "0x"}
FLOAT_VERBS: Final = "vbgGxXeEfF"
NUMBER: Final = re.compile(r"\d*")
INDEX: Final = re.compile(r"\[(\d+)\]")


@dataclass(slots=True, frozen=True)
class Spec:
    """One verb with its flags, width and precision."""

    verb: str = "v"
    flags: str = ""
    width: int | None = None
    precision: int | None = None
    is_go_syntax: bool = False

    @property
    def pads_zeros(self) -> bool:
        """Zeros go to the left only."""
        return "0" in self.flags and "-" not in self.flags


PLAIN: Final = Spec()


def sprint(*values: Value, limit: int = DEFAULT_LIMIT) -> str:
    """`print`: values in their default form, a blank between two that are not strings."""
    printer = Printer(limit)
    for position, value in enumerate(values):
        if position and not isinstance(value, str) and not isinstance(values[position - 1], str):
            printer.write(" ")
        printer.print_value(value, PLAIN)
    return printer.text()


def sprintln(*values: Value, limit: int = DEFAULT_LIMIT) -> str:
    """`println`: values in their default form, a blank between any two, a newline at the end."""
    printer = Printer(limit)
    for position, value in enumerate(values):
        printer.write(" " if position else "")
        printer.print_value(value, PLAIN)
    return printer.text() + "\n"


def sprintf(pattern: str, *values: Value, limit: int = DEFAULT_LIMIT) -> str:
    """`printf`: values as the verbs of the pattern say."""
    printer = Printer(limit)
    Pattern(pattern, values, printer).run()
    return printer.text()


class Printer:
    """Collects text up to a limit."""

    def __init__(self, limit: int) -> None:
        self.parts: list[str] = []
        self.room = limit

    def text(self) -> str:
        """All that was written."""
        return "".join(self.parts)

    def write(self, text: str) -> None:
        """Append; raises OverflowError beyond the limit."""
        self.room -= len(text)
        if self.room < 0:
            raise OverflowError("text too long")
        self.parts.append(text)

    def pad(self, text: str, spec: Spec, zeros: bool | None = None) -> None:
        """Append, filled up to the width."""
        missing = (spec.width or 0) - len(text)
        if missing > 0 and "-" in spec.flags:
            text += " " * missing
        elif missing > 0:
            text = ("0" if (spec.pads_zeros if zeros is None else zeros) else " ") * missing + text
        self.write(text)

    def print_value(self, value: Value, spec: Spec, *, is_element: bool = False) -> None:
        """Append a value as a verb says; an element of a list or a map is held by an interface."""
        if value is None:
            self._print_nil(spec, is_element)
        elif spec.verb == "T" and not is_element:
            self.pad(_truncate(type_name(value), spec), spec)
        else:
            PRINTERS[type(value)](self, value, spec)

    def _print_nil(self, spec: Spec, is_element: bool) -> None:
        if is_element:
            self.write("interface {}(nil)" if spec.is_go_syntax else "<nil>")
        elif spec.verb in "Tv":
            self.pad("<nil>", spec)
        else:
            self.write(f"%!{spec.verb}(<nil>)")

    def bad_verb(self, value: Value, spec: Spec) -> None:
        """The verb does not fit the type."""
        self.write(f"%!{spec.verb}({type_name(value)}=")
        self.print_value(value, replace(spec, verb="v", is_go_syntax=False))
        self.write(")")

    def print_bool(self, value: Value, spec: Spec) -> None:
        """`%t`."""
        if spec.verb in "tv":
            self.pad("true" if value else "false", spec)
        else:
            self.bad_verb(value, spec)

    def print_string(self, value: Value, spec: Spec) -> None:
        """`%s %q %x %X`."""
        text = str(value)
        if spec.verb in "xX":
            self._print_hexadecimal(text, spec)
        elif spec.verb == "q" or (spec.verb == "v" and spec.is_go_syntax):
            text = _truncate(text, spec)
            is_raw = "#" in spec.flags and can_backquote(text)
            self.pad(f"`{text}`" if is_raw else quote(text, is_ascii="+" in spec.flags), spec)
        elif spec.verb in "sv":
            self.pad(_truncate(text, spec), spec)
        else:
            self.bad_verb(value, spec)

    def _print_hexadecimal(self, text: str, spec: Spec) -> None:
        data = to_bytes(text)[: spec.precision]
        prefix = "0x" if "#" in spec.flags and data else ""
        digits = prefix + (data.hex(" ").replace(" ", " " + prefix) if " " in spec.flags else data.hex())
        self.pad(digits.upper() if spec.verb == "X" else digits, spec)

    def print_integer(self, value: Value, spec: Spec) -> None:
        """`%d %b %o %O %x %X %c %q %U`."""
        number = value if isinstance(value, int) else 0
        if spec.verb in INTEGER_BASES:
            is_hex = spec.is_go_syntax and isinstance(value, Byte)
            self._print_digits(number, 16 if is_hex else INTEGER_BASES[spec.verb], spec, "0x" if is_hex else None)
        elif spec.verb == "c":
            self.pad(_rune(number), spec)
        elif spec.verb == "q":
            self.pad(quote_rune(_rune(number), is_ascii="+" in spec.flags), spec)
        elif spec.verb == "U":
            character = f" '{_rune(number)}'" if "#" in spec.flags and _rune(number).isprintable() else ""
            code = f"{number % (1 << 64):0{max(spec.precision or 4, 4)}X}"
            self.pad(f"U+{code}{character}", spec, zeros=False)
        else:
            self.bad_verb(value, spec)

    def _print_digits(self, number: int, base: int, spec: Spec, forced_prefix: str | None) -> None:
        sign = "-" if number < 0 else "+" if "+" in spec.flags else " " if " " in spec.flags else ""
        if spec.precision == 0 and number == 0:
            self.write(" " * (spec.width or 0))
            return
        least = spec.precision or 0
        if spec.precision is None and spec.pads_zeros and spec.width is not None:
            least = spec.width - len(sign)
        digits = format(abs(number), BASE_FORMATS[base]).zfill(least)
        if forced_prefix or "#" in spec.flags:
            octal = "0" if base == 8 and not digits.startswith("0") else ""
            digits = BASE_PREFIXES.get(base, octal) + digits
        digits = ("0o" if spec.verb == "O" else "") + digits
        self.pad(sign + (digits.upper() if spec.verb == "X" else digits), spec, zeros=False)

    def print_float(self, value: Value, spec: Spec) -> None:
        """`%g %e %f %b %x`."""
        if spec.verb in FLOAT_VERBS and isinstance(value, float):
            self._print_float(value, spec, "+" in spec.flags)
        else:
            self.bad_verb(value, spec)

    def _print_float(self, value: float, spec: Spec, has_plus: bool) -> None:
        digits = format_float(value, "g" if spec.verb == "v" else spec.verb, spec.precision, is_sharp="#" in spec.flags)
        sign = digits[0]
        is_number = digits[1:2].isdigit()
        if sign == "+" and not has_plus:
            sign = " " if " " in spec.flags else ""
        text = sign + digits[1:]
        if sign and is_number and spec.pads_zeros:
            text = sign + digits[1:].rjust((spec.width or 0) - 1, "0")
        self.pad(text, spec, zeros=spec.pads_zeros and is_number)

    def print_complex(self, value: Value, spec: Spec) -> None:
        """`(1+2i)`, each part as a float."""
        if spec.verb not in FLOAT_VERBS or not isinstance(value, complex):
            self.bad_verb(value, spec)
            return
        self.write("(")
        self._print_float(value.real, spec, "+" in spec.flags)
        self._print_float(value.imag, spec, has_plus=True)
        self.write("i)")

    def print_list(self, value: Value, spec: Spec) -> None:
        """`[a b]`, each element as the verb says."""
        items = value if isinstance(value, list) else []
        opening, separator, closing = ("[]interface {}{", ", ", "}") if spec.is_go_syntax else ("[", " ", "]")
        if spec.verb == "p":
            self.bad_verb(value, spec)
            return
        self.write(opening)
        for position, item in enumerate(items):
            self.write(separator if position else "")
            self.print_value(item, spec, is_element=True)
        self.write(closing)

    def print_map(self, value: Value, spec: Spec) -> None:
        """`map[a:1 b:2]` in the order of the keys."""
        items = value if isinstance(value, dict) else {}
        go_syntax = (type_name(value) + "{", ", ", "}")
        opening, separator, closing = go_syntax if spec.is_go_syntax else ("map[", " ", "]")
        if spec.verb == "p":
            self.bad_verb(value, spec)
            return
        self.write(opening)
        for position, key in enumerate(sorted(items, key=to_bytes)):
            self.write(separator if position else "")
            self.print_value(key, spec, is_element=True)
            self.write(":")
            self.print_value(items[key], spec, is_element=True)
        self.write(closing)


PRINTERS: Final[dict[type, Callable[[Printer, Value, Spec], None]]] = {
    bool: Printer.print_bool,
    int: Printer.print_integer,
    Byte: Printer.print_integer,
    float: Printer.print_float,
    complex: Printer.print_complex,
    str: Printer.print_string,
    list: Printer.print_list,
    dict: Printer.print_map,
    StringMap: Printer.print_map,
}


def _truncate(text: str, spec: Spec) -> str:
    return text if spec.precision is None else text[: spec.precision]


def _rune(number: int) -> str:
    is_valid = 0 <= number <= MAX_RUNE and not 0xD800 <= number < 0xE000
    return chr(number) if is_valid else "\N{REPLACEMENT CHARACTER}"


class Pattern:
    """One reading of a format with its values."""

    def __init__(self, pattern: str, values: tuple[Value, ...], printer: Printer) -> None:
        self.pattern = pattern
        self.values = values
        self.printer = printer
        self.position = 0
        self.argument = 0
        self.is_reordered = False
        self.is_good = True
        self.after_index = False

    def run(self) -> None:
        """Write the whole format, then what was left over."""
        while (percent := self.pattern.find("%", self.position)) >= 0:
            self.printer.write(self.pattern[self.position : percent])
            self.position = percent + 1
            self._verb()
        self.printer.write(self.pattern[self.position :])
        if not self.is_reordered and self.argument < len(self.values):
            self._extra()

    def _verb(self) -> None:
        start = self.position
        while self._at("#0+- "):
            self.position += 1
        flags = self.pattern[start : self.position]
        self.is_good, self.after_index = True, False
        self._index()
        width, flags = self._width(flags)
        precision = self._precision()
        if not self.after_index:
            self._index()
        if self.position >= len(self.pattern):
            self.printer.write("%!(NOVERB)")
            return
        verb = self.pattern[self.position]
        self.position += 1
        if verb == "%":
            self.printer.write("%")
        elif not self.is_good:
            self.printer.write(f"%!{verb}(BADINDEX)")
        elif self.argument >= len(self.values):
            self.printer.write(f"%!{verb}(MISSING)")
        else:
            is_go_syntax = verb == "v" and "#" in flags
            flags = flags.replace("#", "").replace("+", "") if verb == "v" else flags
            self.printer.print_value(
                self.values[self.argument], Spec(verb, flags, width, precision, is_go_syntax=is_go_syntax)
            )
            self.argument += 1

    def _at(self, letters: str) -> bool:
        return self.position < len(self.pattern) and self.pattern[self.position] in letters

    def _index(self) -> None:
        """`[n]`: the next value is the n-th, from 1."""
        self.after_index = False
        if not self._at("["):
            return
        self.is_reordered = True
        found = INDEX.match(self.pattern, self.position)
        if found is None:
            closing = self.pattern.find("]", self.position)
            self.position = (
                closing + 1
                if closing > self.position and len(self.pattern) - self.position > 2
                else (self.position + 1)
            )
            self.is_good = False
            return
        self.position = found.end()
        self.after_index = True
        if 1 <= int(found.group(1)) <= len(self.values):
            self.argument = int(found.group(1)) - 1
        else:
            self.is_good = False

    def _width(self, flags: str) -> tuple[int | None, str]:
        if not self._at("*"):
            width = self._number()
            self.is_good = self.is_good and not (self.after_index and width is not None)
            return width, flags
        width = self._star("WIDTH")
        if width is not None and width < 0:
            return -width, flags.replace("0", "") + "-"
        return width, flags

    def _precision(self) -> int | None:
        if not self._at("."):
            return None
        self.position += 1
        self.is_good = self.is_good and not self.after_index
        self._index()
        if not self._at("*"):
            return self._number() or 0
        precision = self._star("PREC")
        return None if precision is None or precision < 0 else precision

    def _star(self, name: str) -> int | None:
        """`*`: the number is the next value."""
        self.position += 1
        self.after_index = False
        value = self.values[self.argument] if self.argument < len(self.values) else None
        self.argument = min(self.argument + 1, len(self.values))
        is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_WIDTH
        if not is_number or (name == "PREC" and isinstance(value, int) and value < 0):
            self.printer.write(f"%!(BAD{name})")
            return None
        return value if isinstance(value, int) else None

    def _number(self) -> int | None:
        found = NUMBER.match(self.pattern, self.position)
        digits = found.group() if found else ""
        self.position += len(digits)
        if digits and int(digits[:8]) > MAX_WIDTH:
            self.position = len(self.pattern)
            return None
        return int(digits) if digits else None

    def _extra(self) -> None:
        self.printer.write("%!(EXTRA ")
        for position, value in enumerate(self.values[self.argument :]):
            self.printer.write(", " if position else "")
            if value is not None:
                self.printer.write(type_name(value) + "=")
            self.printer.print_value(value, PLAIN)
        self.printer.write(")")
