"""How a stage tells of itself: in goes how it ended; its log, its spool and a server get what happened.

See `stoker.engine.reporting`. A stage that ended before it had a plan tells its error alone.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

from stoker.engine import messages
from stoker.engine.contents import settings_of
from stoker.engine.filesystems import mounted_filesystems
from stoker.engine.first_boot.boot import Boot
from stoker.engine.outcome import Outcome
from stoker.engine.reporting import Reporter, destination, post_by
from stoker.engine.spool import FAILURE, Spool
from stoker.fetch import Settings
from stoker.platforms.find import machine_arguments
from stoker.report import Level, Report, Severity
from stoker.schema.v3 import Config, KernelArguments
from stoker.system import System, SystemFault
from stoker.system.protocol import DIRECTORY

LAST: Final = "files"  # once it has succeeded, no record of a failure is wanted any more
HOME: Final = "/var/lib"
KEPT: Final = f"{HOME}/.stoker-failure.json"  # beside the journal of the run that failed


def tell(
    boot: Boot,
    stage: str,
    error: str,
    config: Config | None,
    outcome: Outcome | None,
    seconds: float,
    *,
    is_online: bool,
) -> None:
    """Tell how a stage ended. Never raises, and takes no longer than its share of the boot."""
    try:
        arguments = machine_arguments(boot.machine)
        boot_id = boot.machine.system.boot_id()
    except SystemFault as fault:
        boot.log(f"stoker: what happened is not told: {fault}")
        return
    url, token = destination(arguments, config)
    reporter = Reporter(
        Spool(Path(boot.places.spool)),
        lambda line: boot.log.at(Level.NOTICE, line),
        url,
        token,
        boot=boot_id,
        post=post_by(Settings() if config is None else settings_of(config)),
    )
    for line in boot.log.tail:
        reporter.note(line)
    reporter.report(stage, outcome or _outcome(error), milliseconds=seconds * 1000, is_online=is_online)
    if stage == LAST or (error and _is_mounted(boot.places.root)):
        _keep_on_machine(boot, stage, config)


def _is_mounted(root: str) -> bool:
    """Whether the root is that of the machine, and not yet a directory of the initramfs."""
    try:
        return bool(root) and Path(root).stat().st_dev != Path("/").stat().st_dev
    except OSError:
        return False


def _keep_on_machine(boot: Boot, stage: str, config: Config | None) -> None:
    """Keep the record of a failure in the root, too, where it outlives the boot; the last stage takes it away."""
    record = Path(f"{boot.places.spool}/{FAILURE}")
    try:
        with closing(boot.open_system()) as system:
            if not record.exists():
                if stage == LAST and system.look(KEPT) is not None:
                    system.remove_tree(KEPT)
            elif _is_in_place(system, config):
                system.write_file(KEPT, record.read_bytes(), mode=0o600, replace=True, durable=True)
            else:
                boot.log(f"stoker: the record of the failure is not kept on the machine: its `{HOME}` is not there yet")
    except Exception as fault:  # noqa: BLE001 -- what made the stage fail may make this fail, and is told already
        boot.log(f"stoker: the record of the failure is not kept on the machine: {fault}")


def _is_in_place(system: System, config: Config | None) -> bool:
    """Whether the directory of the record is the one that the machine will have.

    What is written below a mount point before its time stays hidden there for ever, and nobody takes it away.
    """
    paths = [path for _, path, _ in mounted_filesystems(config.storage if config is not None else None)]
    above = [path for path in paths if path != "/" and f"{HOME}/".startswith(f"{path.rstrip('/')}/")]
    found = system.look(HOME)
    return found is not None and found.kind == DIRECTORY and all(map(system.mounted, above))


def _outcome(error: str) -> Outcome:
    """What there is to tell of a stage that did nothing: its error, if any."""
    report = Report()
    if error:
        report.add(Severity.ERROR, messages.STAGE_FAILED, reason=error)
    return Outcome([], report, KernelArguments(), [])
