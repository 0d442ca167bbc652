"""Every golden case in every spec it runs for."""

from __future__ import annotations

import pytest

from stoker.schema.specs import Spec
from tests.butane.golden import Case, expected, outcome, run_id, runs


@pytest.mark.parametrize("case, spec", runs(), ids=run_id)
def test_a_case_gives_what_its_files_say(case: Case, spec: Spec | None) -> None:
    assert outcome(case, spec) == expected(case, spec)
