"""What holds for any template and any data."""

from __future__ import annotations

import json

import gotpl
from hypothesis import given
from hypothesis import strategies as st

from stoker.templates.gotext import Limits, parse, sprint
from tests.templates.tables import DATA, ROWS

FRAGMENTS = st.sampled_from(
    [
        *("{{", "}}", "{{-", "-}}", "{{.name}}", "{{if .yes}}", "{{else}}", "{{end}}", "{{range .list}}", "{{break}}"),
        *(
            "{{with .map}}",
            "{{define `x`}}",
            "{{template `x` .}}",
            "{{/*",
            "*/}}",
            "$x",
            ":=",
            "|",
            "(",
            ")",
            "\n",
            " ",
        ),
        *('"', "`", "'", ".", "printf", "index", "eq", "1.5", "0x", "nil", "text", "é", "\\", "{{$x := 1}}", "{{$x}}"),
    ]
)
LETTERS = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = st.sampled_from(["name", "yes", "no", "list", "map", "count", "empty", "none", "nested.a"])
LIMITS = Limits(output=100_000, steps=2_000)


@st.composite
def sound_templates(draw: st.DrawFn, depth: int = 3) -> str:
    """Templates that can be read and carried out."""
    parts: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        name = draw(NAMES)
        kind = draw(st.sampled_from(["text", "value", "if", "with", "range", "print", "variable"]))
        inner = draw(sound_templates(depth - 1)) if depth and kind in ("if", "with", "range") else "x"
        other = draw(st.sampled_from(["", "{{else}}other"]))
        left, right = draw(st.sampled_from([("{{", "}}"), ("{{- ", "}}"), ("{{", " -}}")]))
        parts.append(
            {
                "text": draw(st.sampled_from(["a", " ", "\n", " b \n"])),
                "value": f"{left}$.{name}{right}",
                "if": f"{left}if $.{name}{right}{inner}{other}{{{{end}}}}",
                "with": f"{left}with $.{name}{right}{inner}{other}{{{{end}}}}",
                "range": f"{left}range $.list{right}{inner}{other}{{{{end}}}}",
                "print": f'{left}printf "%v|%q" (len "ab") "z" | html{right}',
                "variable": f"{left}$v := $.{name}{right}{{{{$v}}}}",
            }[kind]
        )
    return "".join(parts)


@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_any_text_ends_in_a_result_or_a_finding(text: str) -> None:
    template, report = parse(text.encode(), "t")
    assert (template is None) == report.has_errors
    if template is not None:
        rendered, report = template.render(DATA, LIMITS)
        assert (rendered is None) == report.has_errors


@given(st.sampled_from(ROWS), st.integers(0, 60), st.integers(0, 20))
def test_a_row_with_a_piece_cut_out_ends_in_a_result_or_a_finding(
    row: tuple[str, str, str], at: int, size: int
) -> None:
    text = row[1][:at] + row[1][at + size :]
    template, report = parse(text.encode(), "t")
    assert (template is None) == report.has_errors
    if template is not None:
        rendered, report = template.render(DATA, LIMITS)
        assert (rendered is None) == report.has_errors


@given(sound_templates())
def test_the_oracle_agrees_on_sound_templates(text: str) -> None:
    template, report = parse(text.encode(), "t")
    assert template is not None, list(report)
    rendered, report = template.render(DATA, LIMITS)
    assert rendered is not None, list(report)
    assert rendered.data.decode() == gotpl.render(text, DATA, missing_key="error")
    assert len(rendered.lines) == max(len(rendered.data.decode().split("\n")) - rendered.data.endswith(b"\n"), 1)
    assert all(1 <= line <= text.count("\n") + 1 for line in rendered.lines)


@given(LETTERS)
def test_a_quoted_string_reads_back(text: str) -> None:
    quoted, _ = parse(b'{{printf "%q" .x}}', "t")
    assert quoted is not None
    literal, _ = quoted.render({"x": text})
    assert literal is not None
    again, report = parse(b"{{" + literal.data + b"}}", "t")
    assert again is not None, list(report)
    rendered, _ = again.render({})
    assert rendered is not None
    assert rendered.data.decode() == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_float_reads_back(value: float) -> None:
    assert float(sprint(value)) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | LETTERS,
        lambda inner: st.lists(inner) | st.dictionaries(LETTERS, inner),
    )
)
def test_any_data_can_be_printed(data: object) -> None:
    template, _ = parse(b'{{printf "%v %d %q %x %#v %s" .x .x .x .x .x .x}}{{.x}}{{html .x}}', "t")
    assert template is not None
    rendered, report = template.render({"x": data})
    assert rendered is not None, list(report)


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(0, 9).map(float)))
def test_maps_print_in_order(data: dict[str, float]) -> None:
    expected = " ".join(f"{key}:{int(value)}" for key, value in sorted(data.items()))
    assert sprint(json.loads(json.dumps(data))) == f"map[{expected}]"
