"""A float goes in, its digits come out as Go's strconv.FormatFloat and fmt write them, with a sign always."""

from __future__ import annotations

import math

_FIRST_WITH_EXPONENT = 6


def format_float(value: float, verb: str, precision: int | None, *, is_sharp: bool = False) -> str:
    """The digits of `value` for a verb of `gGeEfFbxX`, led by `+` or `-`; no precision means the shortest form."""
    if math.isnan(value):
        return "+NaN"
    sign = "-" if math.copysign(1.0, value) < 0 else "+"
    if math.isinf(value):
        return sign + "Inf"
    digits = _digits(abs(value), verb.lower(), precision)
    if is_sharp and verb != "b":
        digits = _with_point(digits, verb.lower(), precision)
    return sign + (digits.upper() if verb.isupper() else digits)


def _digits(value: float, verb: str, precision: int | None) -> str:
    if verb == "b":
        fraction, exponent = math.frexp(value)
        return f"{int(fraction * (1 << 53))}p{exponent - 53:+d}"
    if verb == "x":
        return _hexadecimal(value, precision)
    if verb == "g" and precision is None:
        return _shortest(value)
    return f"{value:.{6 if precision is None else precision}{verb}}"


def _shortest(value: float) -> str:
    """The fewest digits that read back as the same number, with an exponent below 1e-04 and from 1e+06 on."""
    mantissa, _, written = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = int(written or 0) + len(whole) - 1 - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or "0"
    if value == 0:
        return "0"
    if exponent < -4 or exponent >= _FIRST_WITH_EXPONENT:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{rest}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    padded = digits.ljust(exponent + 1, "0")
    rest = padded[exponent + 1 :]
    return padded[: exponent + 1] + (f".{rest}" if rest else "")


def _hexadecimal(value: float, precision: int | None) -> str:
    mantissa, _, exponent = value.hex().partition("p")
    whole, _, fraction = mantissa.removeprefix("0x").partition(".")
    power = int(exponent)
    if precision is None:
        fraction = fraction.rstrip("0")
    else:
        scaled = round(int(whole + fraction, 16) / 16 ** (len(fraction) - precision))
        digits = f"{scaled:0{precision + 1}x}"
        whole, fraction = digits[: len(digits) - precision], digits[len(digits) - precision :]
        if whole == "2":
            whole, power = "1", power + 1
    return f"0x{whole}{f'.{fraction}' if fraction else ''}p{'-' if power < 0 else '+'}{abs(power):02d}"


def _with_point(digits: str, verb: str, precision: int | None) -> str:
    """The `#` flag: always a decimal point, and for `g` the trailing zeros too."""
    mark = "p" if verb == "x" else "e"
    number, found, tail = digits.partition(mark)
    wanted = 0
    if verb in "gx":
        wanted = (6 if precision is None else precision) - len(number.replace(".", "").removeprefix("0x").lstrip("0"))
        wanted -= number == "0"
    if "." not in number:
        number += "."
    return number + "0" * max(wanted, 0) + found + tail
