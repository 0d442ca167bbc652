"""What is said of templates that cannot be read or carried out: Go's words, word for word, at Go's place."""

from __future__ import annotations

import pytest

from stoker.templates.gotext import parse
from tests.templates.tables import DATA

SYNTAX = [
    ("{{", "t:1: unclosed action"),
    ("a\n{{.x", "t:2: unclosed action"),
    ("{{.a\n.b", "t:2: unclosed action started at t:1"),
    ("{{end}}", "t:1: unexpected {{end}}"),
    ("{{else}}", "t:1: unexpected {{else}}"),
    ("{{if .a}}", "t:1: unexpected EOF"),
    ("{{if}}a{{end}}", "t:1: missing value for if"),
    ("{{range}}a{{end}}", "t:1: missing value for range"),
    ("{{}}", "t:1: missing value for command"),
    ("{{/* a", "t:1: unclosed comment"),
    ("{{/* a */ b}}", "t:1: comment ends before closing delimiter"),
    ('{{"a}}', "t:1: unterminated quoted string"),
    ("{{`a}}", "t:1: unterminated raw quoted string"),
    ("{{'a}}", "t:1: unterminated character constant"),
    ("{{'ab'}}", "t:1: malformed character constant: 'ab'"),
    ('{{"\\z"}}', "t:1: invalid syntax"),
    ("{{(1}}", "t:1: unclosed left paren"),
    ("{{1)}}", "t:1: unexpected right paren"),
    ("{{nosuch 1}}", 't:1: function "nosuch" not defined'),
    ("{{$x}}", 't:1: undefined variable "$x"'),
    ("{{if true}}{{$x := 1}}{{end}}{{$x}}", 't:1: undefined variable "$x"'),
    ("{{break}}", "t:1: {{break}} outside {{range}}"),
    ("{{range .l}}{{end}}{{continue}}", "t:1: {{continue}} outside {{range}}"),
    ("{{1 | 2}}", "t:1: non executable command in pipeline stage 2"),
    ("{{.x | .y | true}}", "t:1: non executable command in pipeline stage 3"),
    ("{{| .x}}", 't:1: unexpected "|" in command'),
    ("{{3a}}", 't:1: bad number syntax: "3a"'),
    ("{{1_}}", 't:1: illegal number syntax: "1_"'),
    ("{{99999999999999999999}}", 't:1: integer overflow: "99999999999999999999"'),
    ("{{1e320}}", 't:1: illegal number syntax: "1e320"'),
    ("{{1+i}}", 't:1: illegal number syntax: "1+i"'),
    ("{{+i}}", 't:1: illegal number syntax: "+i"'),
    ('{{define"b"}}{{end}}', "t:1: bad character U+0022 '\"'"),
    ("{{$x= 1}}", "t:1: bad character U+003D '='"),
    ("{{a-b}}", "t:1: bad character U+002D '-'"),
    ("{{.a!}}", "t:1: bad character U+0021 '!'"),
    ("{{\x01}}", "t:1: unrecognized character in action: U+0001"),
    ("{{%}}", 't:1: unexpected "%" in command'),
    ("{{: 1}}", "t:1: expected :="),
    ("{{true.x}}", 't:1: unexpected . after term "true"'),
    ("{{nil}}{{template}}", 't:1: unexpected "}}" in template clause'),
    ("{{template .x}}", 't:1: unexpected ".x" in template clause'),
    ("{{define}}{{end}}", 't:1: unexpected "}}" in define clause'),
    ('{{define "a"}}x{{end}}{{define "a"}}y{{end}}', 't:1: template: multiple definition of template "a"'),
    ('{{define "a"}}x{{else}}{{end}}', "t:1: unexpected {{else}} in define clause"),
    ("{{if .a}}b{{else}}c{{else}}d{{end}}", "t:1: expected end; found {{else}}"),
    ("{{with $x, $y := .a}}{{end}}", "t:1: too many declarations in with"),
    ("{{range $x, 1 := .a}}{{end}}", "t:1: range can only initialize variables"),
    ("{{if .a}}{{define `x`}}{{end}}{{end}}", "t:1: unexpected <define> in command"),
]

EXECUTION = [
    ("{{.missing}}", 't:1:2: executing "t" at <.missing>: map has no entry for key "missing"'),
    ("a\n  {{ .missing }}", 't:2:5: executing "t" at <.missing>: map has no entry for key "missing"'),
    ("é{{.missing}}", 't:1:4: executing "t" at <.missing>: map has no entry for key "missing"'),
    ("{{.nested.a.z.c}}", 't:1:9: executing "t" at <.nested.a.z.c>: map has no entry for key "z"'),
    ("{{.name.x}}", 't:1:7: executing "t" at <.name.x>: can\'t evaluate field x in type interface {}'),
    ("{{with .name}}{{.x}}{{end}}", 't:1:16: executing "t" at <.x>: can\'t evaluate field x in type string'),
    ("{{range .list}}{{.x}}{{end}}", 't:1:17: executing "t" at <.x>: can\'t evaluate field x in type interface {}'),
    ("{{.nul.x}}", 't:1:6: executing "t" at <.nul.x>: nil pointer evaluating interface {}.x'),
    ("{{(index .map `q`).x}}", 't:1:18: executing "t" at <(index .map `q`).x>: nil data; no entry for key "x"'),
    ("{{.name 1}}", 't:1:2: executing "t" at <.name>: name is not a method but has arguments'),
    ("{{1 2}}", 't:1:2: executing "t" at <1>: can\'t give argument to non-function 1'),
    ("{{nil}}", 't:1:2: executing "t" at <nil>: nil is not a command'),
    ("{{template `x`}}", 't:1:11: executing "t" at <{{template "x"}}>: template "x" not defined'),
    ("{{len 3}}", 't:1:2: executing "t" at <len 3>: error calling len: len of type int'),
    ("{{len .nul}}", 't:1:2: executing "t" at <len .nul>: error calling len: len of nil pointer'),
    ("{{len}}", 't:1:2: executing "t" at <len>: wrong number of args for len: want 1 got 0'),
    ("{{eq 1}}", 't:1:2: executing "t" at <eq 1>: error calling eq: missing argument for comparison'),
    ("{{eq}}", 't:1:2: executing "t" at <eq>: wrong number of args for eq: want at least 1 got 0'),
    ("{{lt 1}}", 't:1:2: executing "t" at <lt>: wrong number of args for lt: want 2 got 1'),
    ("{{eq .count 3}}", 't:1:2: executing "t" at <eq .count 3>: error calling eq: incompatible types for comparison'),
    ("{{lt true false}}", 't:1:2: executing "t" at <lt true false>: error calling lt: invalid type for comparison'),
    ("{{lt 1 .nul}}", 't:1:2: executing "t" at <lt 1 .nul>: error calling lt: invalid type for comparison'),
    (
        "{{eq .map .map}}",
        (
            't:1:2: executing "t" at <eq .map .map>: error calling eq: non-comparable type map[a:0 x:1 y:2]: '
            "map[string]interface {}"
        ),
    ),
    (
        "{{index .list 3}}",
        't:1:2: executing "t" at <index .list 3>: error calling index: reflect: slice index out of range',
    ),
    ("{{index .list 9}}", 't:1:2: executing "t" at <index .list 9>: error calling index: index out of range: 9'),
    (
        "{{index .list .count}}",
        't:1:2: executing "t" at <index .list .count>: error calling index: cannot index slice/array with type float64',
    ),
    (
        "{{index .map 1}}",
        't:1:2: executing "t" at <index .map 1>: error calling index: value has type int; should be string',
    ),
    ("{{index .nul 1}}", 't:1:2: executing "t" at <index .nul 1>: error calling index: index of untyped nil'),
    ("{{index 1 1}}", 't:1:2: executing "t" at <index 1 1>: error calling index: can\'t index item of type int'),
    (
        "{{slice .list 2 1}}",
        't:1:2: executing "t" at <slice .list 2 1>: error calling slice: invalid slice index: 2 > 1',
    ),
    (
        "{{slice .map 1}}",
        (
            't:1:2: executing "t" at <slice .map 1>: error calling slice: '
            "can't slice item of type map[string]interface {}"
        ),
    ),
    ("{{range .name}}{{end}}", 't:1:8: executing "t" at <.name>: range can\'t iterate over node1'),
    ("{{range .pi}}{{end}}", 't:1:8: executing "t" at <.pi>: range can\'t iterate over 3.14'),
    (
        "{{range $i, $x := 3}}{{end}}",
        't:1:18: executing "t" at <3>: can\'t use 3 to iterate over more than one variable',
    ),
    ("{{printf 1}}", 't:1:9: executing "t" at <1>: expected string; found 1'),
    ("{{printf .count}}", 't:1:9: executing "t" at <.count>: wrong type for value; expected string; got float64'),
    ("{{printf nil}}", 't:1:9: executing "t" at <nil>: cannot assign nil to string'),
    ("{{printf}}", 't:1:2: executing "t" at <printf>: wrong number of args for printf: want at least 1 got 0'),
    ("{{call .name}}", 't:1:2: executing "t" at <call .name>: error calling call: non-function .name of type string'),
    ("{{call nil}}", 't:1:2: executing "t" at <call nil>: error calling call: call of nil'),
    ("{{$x = 1}}", 't:1:7: executing "t" at <1>: undefined variable: $x'),
    ("{{range $x = .list}}{{end}}", 't:1:13: executing "t" at <.list>: undefined variable: $x'),
    ("{{18446744073709551615}}", 't:1:2: executing "t" at <18446744073709551615>: 18446744073709551615 overflows int'),
    (
        '{{define "in"}}\n{{.missing}}{{end}}{{template "in" .}}',
        't:2:2: executing "in" at <.missing>: map has no entry for key "missing"',
    ),
]


@pytest.mark.parametrize("text, expected", SYNTAX, ids=[text for text, _ in SYNTAX])
def test_syntax(text: str, expected: str) -> None:
    template, report = parse(text.encode(), "t")
    assert template is None
    assert [entry.message for entry in report] == [f"template: {expected}"]


@pytest.mark.parametrize("text, expected", EXECUTION, ids=[text for text, _ in EXECUTION])
def test_execution(text: str, expected: str) -> None:
    template, report = parse(text.encode(), "t")
    assert template is not None, [entry.message for entry in report]
    rendered, report = template.render(DATA)
    assert rendered is None
    assert [entry.message for entry in report] == [f"template: {expected}"]


def test_a_finding_has_its_place_and_a_hint() -> None:
    template, _ = parse(b"one\n  two {{.missing}}\n", "ignition/node.bu", name="")
    assert template is not None
    _, report = template.render({})
    (entry,) = report
    assert entry.place is not None
    assert str(entry.place) == "ignition/node.bu:2:9"
    assert entry.hint == 'to allow a key to be absent write `{{if index . "missing"}}`'


def test_without_strictness_a_missing_key_prints_no_value() -> None:
    template, _ = parse(b"{{.missing}} {{.a.b}}", "t")
    assert template is not None
    rendered, report = template.render({"a": {}}, is_strict=False)
    assert rendered is not None, list(report)
    assert rendered.data == b"<no value> <no value>"
