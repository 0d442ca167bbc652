"""The verb `schema`: which spec is meant, and what is said when there is none."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run

# words -> exit code, title of the schema or what stderr says
ANSWERS = {
    "a version": (["fcos", "1.5.0"], 0, "fcos 1.5.0"),
    "experimental": (["fcos", "1.8.0-experimental"], 0, "fcos 1.8.0-experimental"),
    "Ignition": (["ignition", "3.4.0"], 0, "ignition 3.4.0"),
    "the newest Ignition": (["ignition"], 0, "ignition 3.6.0"),
    "Ignition 2": (["ignition", "2.3.0"], 0, "ignition 2.3.0"),
    "a short version": (["ignition", "2.4"], 0, "ignition 2.4.0"),
    "Container Linux Config": (["clc"], 0, "clc 0"),
    "no such Ignition": (["ignition", "2.5"], 64, "it has 2.0.0, 2.1.0"),
    "the newest": (["flatcar"], 0, "flatcar 1.1.0"),
    "no such variant": (["flatcr"], 64, "did you mean `flatcar`?"),
    "nothing like a variant": (["windows"], 64, "known are: ignition, fcos, "),
    "no such version": (["flatcar", "9"], 64, "it has 1.0.0, 1.1.0, 1.2.0-experimental"),
}


@pytest.mark.parametrize(("words", "code", "said"), ANSWERS.values(), ids=ANSWERS)
def test_answers(words: list[str], code: int, said: str, run: Run) -> None:
    done = run("schema", *words)
    assert done.returncode == code
    assert said in done.stderr if code else json.loads(done.stdout)["title"] == said
