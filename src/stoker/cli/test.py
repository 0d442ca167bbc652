"""The verb `test`: what a person expects of a config, held against a rehearsal of it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from stoker.cli.configs import distribution_of, read_config
from stoker.cli.exits import CommandError, Exit, complaint, reason_of
from stoker.cli.findings import show, write_json
from stoker.cli.inputs import Input, add_output, read_input, wants_color
from stoker.cli.plan import captured_of
from stoker.cli.references import Wanted
from stoker.cli.simulate import rehearse_config
from stoker.cli.streams import STDOUT, talk, write_data
from stoker.engine import DISTRIBUTIONS
from stoker.engine.assertions import Case, judge_all
from stoker.engine.columns import count
from stoker.engine.expectations import Expectations, read_expectations
from stoker.engine.targets import distribution_of_system
from stoker.report import Message, Place, Report, Severity
from stoker.report.junit import Case as JunitCase
from stoker.report.junit import Suite, as_junit
from stoker.report.native import as_data, as_text

UNTESTED: Final = Message("not-tested", "nothing was tested: {reason}")


class Tested(NamedTuple):
    """A file of expectations and its cases: of one that could not be tested, a case that says so."""

    source: Input
    cases: list[Case]
    is_tested: bool = True

    @property
    def failed(self) -> list[Case]:
        """The cases that do not hold."""
        return [case for case in self.cases if len(case.report)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("files", metavar="SPEC", nargs="+", help="a file of expectations, in YAML")
    add_output(parser, ("text", "json", "junit"))


def run(arguments: argparse.Namespace) -> int:
    """Test; every expectation of every file is judged. Exit 1 when one does not hold, or cannot be judged."""
    results = [_try(file, arguments.color) for file in arguments.files]
    if arguments.output == "json":
        write_json([_data(tested) for tested in results])
    elif arguments.output == "junit":
        write_data(as_junit(map(_suite, results)).encode("utf-8", "surrogateescape"))
    else:
        color = wants_color(arguments.color, STDOUT)
        write_data("".join(_text(tested, color=color) for tested in results).encode("utf-8", "surrogateescape"))
    return Exit.FINDINGS if any(tested.failed for tested in results) else Exit.FINE


def _try(path: str, color: str) -> Tested:
    """Test one of many: what cannot be tested is said, counts as failed, and does not keep the others from it."""
    source = Input(path, b"")
    try:
        source = read_input(path)
        return _test(source, color)
    except (CommandError, OSError) as error:
        talk(complaint(error))
        return _untested(source, reason_of(error))


def _untested(source: Input, reason: str, found: Report | None = None) -> Tested:
    """A file that could not be tested, so that nobody who counts cases misses it."""
    report, place = Report(), Place(source.name, 1, 1)
    report.add(Severity.ERROR, UNTESTED, (), place, reason=reason)
    report.extend(entry for entry in found or () if entry.is_error)
    return Tested(source, [Case("it can be tested", place, report)], is_tested=False)


def _test(source: Input, color: str) -> Tested:
    """Rehearse the config that a file names and judge it. Raises CommandError, OSError."""
    expected, report = read_expectations(source.text, source.name)
    show(report, {source.name: source.text}, color)
    if expected is None:
        return _untested(source, "the file has errors in it", report)
    read = read_config(_beside(source, expected.config), None, color)
    if read.config is None:
        return _untested(source, f"`{_beside(source, expected.config)}` has errors in it", read.report)
    captured = captured_of(_beside(source, expected.inventory)) if expected.inventory else None
    distribution = _named(expected, source) or (captured and distribution_of_system(captured.os))
    with TemporaryDirectory(prefix="stoker-") as directory:
        chosen = distribution or distribution_of(read, None)
        rehearsal = rehearse_config(Wanted(read, read.config), Path(directory) / "root", chosen, captured)
        cases = judge_all(expected.entries, rehearsal, chosen, Place(source.name, 1, 1))
    return Tested(source, cases)


def _named(expected: Expectations, source: Input) -> Any:
    if expected.distribution and expected.distribution not in DISTRIBUTIONS:
        known = ", ".join(sorted(DISTRIBUTIONS))
        raise CommandError(f"`{source.name}`: `{expected.distribution}` is no distribution", hint=f"known are: {known}")
    return DISTRIBUTIONS.get(expected.distribution)


def _beside(source: Input, path: str) -> str:
    """A path as the file of expectations means it: from its own directory on."""
    return os.path.join(os.path.dirname(source.name), path)


def _text(tested: Tested, *, color: bool) -> str:
    """What does not hold, with the lines that say so; and how many do."""
    name, every, failed = tested.source.name, len(tested.cases), tested.failed
    if not tested.is_tested:
        return f"{name}: not tested\n"
    if not failed:
        return f"{name}: {count(every, 'expectation')}, all hold\n"
    report = Report(entry for case in failed for entry in case.report)
    shown = as_text(report, {name: tested.source.text}, color=color)
    verb = "does" if len(failed) == 1 else "do"
    return f"{shown}\n{name}: {count(every, 'expectation')}, {len(failed)} {verb} not hold\n"


def _data(tested: Tested) -> dict[str, Any]:
    cases = [
        {
            "name": case.title,
            "file": case.place.file,
            "line": case.place.line,
            "holds": not len(case.report),
            "failures": as_data(case.report),
        }
        for case in tested.cases
    ]
    return {"spec": tested.source.name, "holds": not tested.failed, "cases": cases}


def _suite(tested: Tested) -> Suite:
    cases = tuple(JunitCase(case.title, case.place.file, case.place.line, case.report) for case in tested.cases)
    return Suite(tested.source.name, cases)
