"""What templates make of data, row by row, and the same rows through another implementation of the language."""

from __future__ import annotations

import gotpl
import pytest

from stoker.templates.gotext import parse
from tests.templates.tables import DATA, ROWS

# Where the oracle differs from Go's source, it is not asked.
NOT_FOR_THE_ORACLE = {
    "variables-11": "the variables of a range first hold what it runs over (text/template/exec.go, evalPipeline)",
    "variables-12": "the same",
    "functions-10": "it has no map[string]string",
    "functions-27": "a nil argument prints as <nil> (fmt/print.go, printArg)",
    "comparisons-4": "nil compares with any kind (text/template/funcs.go, eq)",
    "printf-4": "it has no `%#U`",
    "printf-7": "it ignores flags of `%x`",
    "printf-11": "it ignores width and precision of `%v`",
    "printf-13": "a verb is applied to each element (fmt/print.go, printValue)",
    "printf-14": "the same",
    "printf-15": "the same",
    "printf-26": "a nil that is left over has no type (fmt/print.go, doPrintf)",
    "printf-43": "it ignores `#` of `%g`",
}


def render(text: str, data: dict[str, object] | None = None) -> str:
    template, report = parse(text.encode(), "main")
    assert template is not None, [entry.message for entry in report]
    rendered, report = template.render(DATA if data is None else data)
    assert rendered is not None, [entry.message for entry in report]
    return rendered.data.decode()


@pytest.mark.parametrize("text, expected", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_row(text: str, expected: str) -> None:
    assert render(text) == expected


ORACLE_ROWS = [row for row in ROWS if row[0] not in NOT_FOR_THE_ORACLE]


@pytest.mark.parametrize("text, expected", [row[1:] for row in ORACLE_ROWS], ids=[row[0] for row in ORACLE_ROWS])
def test_the_oracle_agrees(text: str, expected: str) -> None:
    assert gotpl.render(text, DATA, missing_key="error") == expected
