"""The verb `rearm`: let the next boot of a machine be a first boot again, with another config, after a plan."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from stoker.cli.configs import add_distribution, distribution_meant, distribution_of
from stoker.cli.exits import CommandError, Exit
from stoker.cli.inputs import add_files_dir, add_output, filled
from stoker.cli.plan import PATIENCE, add_allow_wipe, exit_code, show_preview
from stoker.cli.references import Wanted, add_references, read_wanted
from stoker.cli.streams import STDIN, talk, tell
from stoker.engine import DISTRIBUTIONS, plan
from stoker.engine.errors import Refused
from stoker.engine.preview import Preview, preview
from stoker.engine.rearm import Arming, arm, arming_of, obstacles
from stoker.engine.targets import Target, machine_below, other_distribution
from stoker.ignition.encode import encode
from stoker.ignition.parse import Parsed
from stoker.report import Report
from stoker.system import FileFault, SystemFault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("file", metavar="CONFIG", help="a Butane or Ignition file; - is stdin")
    parser.add_argument(
        "--root", metavar="DIR", type=filled, default="/", help="the machine's root, when it is not this machine"
    )
    add_allow_wipe(parser)
    parser.add_argument("--yes", action="store_true", help="do it; needed where nobody is at a terminal")
    add_distribution(parser)
    add_files_dir(parser)
    add_references(parser)
    add_output(parser, ("text", "json"))


def run(arguments: argparse.Namespace) -> int:
    """Rearm; the plan goes to stdout. Exit 1 when the first boot would fail, 3 when it would lose data."""
    root = Path(arguments.root).absolute()
    if not root.is_dir():
        raise CommandError(f"`{arguments.root}` is no directory", hint="name the root of a system")
    wanted = read_wanted(arguments, PATIENCE, tell)
    if wanted is None:
        return Exit.FINDINGS
    given = DISTRIBUTIONS[arguments.distribution] if arguments.distribution else None
    try:
        fallback = distribution_of(wanted.read, None)
        with machine_below(root, arguments.root, wanted.config, given, fallback) as target:
            arming = arming_of(target.distribution)
            meant = distribution_meant(wanted.read) if given is None else None
            notes = other_distribution(meant, target)
            found = _preview(wanted, target, arming, notes, arguments.allow_wipe)
            show_preview(found, arguments.output)
            _judge(found, arguments)
            path = arm(arming, _text(wanted), target.system)
    except Refused as error:
        raise CommandError(str(error), hint=error.hint, code=Exit.REFUSED) from error
    except FileFault as fault:
        hint = f"mount -o remount,rw /{fault.path.split('/')[1]}" if "read-only" in fault.reason else None
        raise CommandError(str(fault), hint=hint) from fault
    except SystemFault as fault:
        raise CommandError(str(fault)) from fault
    talk(f"armed: the next boot is a first boot with `{path}`\n")
    return Exit.FINE


def _preview(wanted: Wanted, target: Target, arming: Arming, notes: Report, allow_wipe: list[str]) -> Preview:
    """What the first boot would do, and what stands in its way; `notes` are told, too."""
    planned = plan(wanted.config, target.system, target.distribution, online=True)
    found = obstacles(arming, target.distribution, planned, target.system, target.kernel_arguments)
    return preview(
        wanted.config,
        planned,
        target.system,
        machine=target.machine,
        kernel_arguments=target.kernel_arguments,
        allowed=frozenset(allow_wipe),
        findings=[*notes, *found],
        locate=wanted.locate,
    )


def _judge(found: Preview, arguments: argparse.Namespace) -> None:
    """Raise `CommandError` where nothing may be armed."""
    code = exit_code(found)
    if code is Exit.FINDINGS:
        raise CommandError("nothing is armed: the first boot would fail")
    if code is Exit.REFUSED:
        raise CommandError(
            "nothing is armed: data would be lost", hint="allow it by `--allow-wipe LABEL`", code=Exit.REFUSED
        )
    if not arguments.yes and not os.isatty(STDIN):
        raise CommandError("nothing is armed: nobody is at a terminal", hint="add `--yes`", code=Exit.REFUSED)


def _text(wanted: Wanted) -> bytes:
    """The config as the machine will read it: as it was written when it is Ignition, else as it was compiled."""
    if isinstance(wanted.read, Parsed):
        return next(iter(wanted.read.texts.values()))
    return encode(wanted.own)
