"""The map from rendered lines to template lines, and the bounds of a run."""

from __future__ import annotations

import pytest

from stoker.templates.gotext import Limits, Rendered, Template, parse

LINES = [
    ("a\nb\nc\n", {}, [1, 2, 3]),
    ("a\n{{.x}}\nc\n", {"x": "1\n2\n3"}, [1, 2, 2, 2, 3]),
    ("a\n{{range .l}}{{.}}\n{{end}}z\n", {"l": ["p", "q"]}, [1, 2, 2, 3]),
    ("a\n{{- range .l}}\n- {{.}}\n{{- end}}\nz", {"l": ["p", "q"]}, [1, 3, 3, 5]),
    ("{{/* c */ -}}\n\na\n", {}, [3]),
    ('{{define "t"}}one\ntwo\n{{end}}{{template "t"}}x\n', {}, [1, 2, 3]),
    ("", {}, [1]),
    ("{{.x}}", {"x": ""}, [1]),
    ("{{if .x}}\nyes\n{{end}}\nend\n", {"x": True}, [1, 2, 3, 4]),
]


def template(text: str) -> Template:
    parsed, report = parse(text.encode(), "main")
    assert parsed is not None, list(report)
    return parsed


def render(text: str, data: dict[str, object], limits: Limits) -> tuple[Rendered | None, list[str]]:
    rendered, report = template(text).render(data, limits)
    return rendered, [f"{entry.code}: {entry.message}" for entry in report]


@pytest.mark.parametrize("text, data, expected", LINES, ids=[row[0] for row in LINES])
def test_lines(text: str, data: dict[str, object], expected: list[int]) -> None:
    rendered, _ = template(text).render(data)
    assert rendered is not None
    assert list(rendered.lines) == expected
    assert rendered.template_line(10_000) == expected[-1]


BOMBS = [
    ("{{range 1000000000}}{{end}}", "exceeded maximum steps (1000)"),
    ("{{range 900}}{{range 900}}{{end}}{{end}}", "exceeded maximum steps (1000)"),
    ('{{range 900}}{{printf "%100d" .}}{{end}}', "exceeded maximum output (10000 bytes)"),
    ('{{$s := printf "%9000d" 1}}{{range 900}}{{$x := len $s}}{{end}}', "exceeded maximum steps (1000)"),
    ('{{printf "%1000000d" 1}}', "exceeded maximum output (10000 bytes)"),
    ('{{$s := "aaaaaaaaaa"}}{{range 900}}{{$s = print $s $s}}{{end}}', "exceeded maximum steps (1000)"),
    ("{{.large}}", "exceeded maximum output (10000 bytes)"),
    ('{{define "t"}}{{template "t"}}{{end}}{{template "t"}}', "exceeded maximum template depth (60)"),
    ("{{range 900}}{{$x := print $.l}}{{$y := print $.wide}}{{end}}", "exceeded maximum steps (1000)"),
    ("{{range 90}}{{.}}{{$.wide}}{{end}}", "exceeded maximum steps (1000)"),
    ('{{printf "%s" (printf "%*d" 999999 1)}}', "exceeded maximum output (10000 bytes)"),
    ('{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}', "depth (60)"),
    (
        '{{define "t"}}{{range .}}{{template "t" $}}{{end}}{{end}}{{template "t" .l}}',
        "exceeded maximum template depth (60)",
    ),
]


@pytest.mark.parametrize("text, expected", BOMBS, ids=[row[0] for row in BOMBS])
def test_a_bomb_is_refused(text: str, expected: str) -> None:
    rendered, messages = render(
        text, {"l": [1.0], "wide": [1.0] * 50, "large": ["a" * 20_000]}, Limits(output=10_000, steps=1000, depth=60)
    )
    assert rendered is None
    (message,) = messages
    assert message.startswith("template-limit: ")
    assert message.endswith(expected)


@pytest.mark.parametrize(
    "text",
    [
        "{{" + "(" * 500 + "1" + ")" * 500 + "}}",
        "{{if 1}}" * 500 + "{{end}}" * 500,
        "{{range 1}}" * 40 + "{{end}}" * 39,
        "{{" + "9" * 5000 + "}}",
    ],
    ids=["parentheses", "ifs", "an end is missing", "a number"],
)
def test_too_much_of_a_thing_is_a_finding(text: str) -> None:
    parsed, report = parse(text.encode(), "t")
    assert parsed is None
    assert report.has_errors


def test_the_deepest_that_is_allowed_runs() -> None:
    text = "{{range 1}}" * 50 + "{{" + "(" * 10 + "1" + ")" * 10 + "}}" + "{{end}}" * 50
    rendered, messages = render(text, {}, Limits())
    assert rendered is not None, messages
    assert rendered.data == b"1"


def test_a_template_runs_any_number_of_times() -> None:
    parsed = template("{{range .l}}{{.}}{{end}}")
    runs = [parsed.render({"l": ["a", "b"]})[0] for _ in range(3)]
    assert [run.data for run in runs if run] == [b"ab"] * 3


def test_bytes_that_are_not_text_pass_through() -> None:
    parsed, _ = parse(b"a\xff{{.x}}\xfe", "t")
    assert parsed is not None
    rendered, _ = parsed.render({"x": "\udc80"})
    assert rendered is not None
    assert rendered.data == b"a\xff\x80\xfe"
