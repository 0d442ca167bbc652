"""Provision a tree: the engine in one call, from a config to a tree for an image, a container, a chroot, or a look."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from stoker.engine.distributions import Distribution, lay_base
from stoker.engine.execution import Say, carry_out
from stoker.engine.impact import refuse_losses
from stoker.engine.outcome import Outcome
from stoker.engine.plan import plan
from stoker.fetch import Fetch
from stoker.schema.v3 import Config
from stoker.system import BlockDevices, FileFault, RealSystem, ScratchSystem, System
from stoker.system.scratch import has_manifest

Look = Callable[[Outcome, System], None]


def provision(
    config: Config,
    root: Path,
    *,
    distribution: Distribution,
    say: Say,
    fetch: Fetch | None = None,
    with_owners: bool = False,
    look: Look = lambda _outcome, _system: None,
    allowed: Collection[str] = (),
) -> Outcome:
    """Provision the tree below `root` as a first boot would.

    `config` is validated and merged. A tree without accounts gets the distribution's base first, one that is empty or
    not there only when nothing is refused. Without `fetch` only contents that the config itself holds are written.
    `look` sees the Outcome and the tree. It needs no privileges: owners, and modes that would be a hole, are kept in
    `ROOT.rights.json`. `with_owners` sets them for real, which only root may; a tree that has such a manifest goes on
    with it. What would lose data is refused, but for what is `allowed` to be lost, by its labels; the base alone, which
    comes from here, is nobody's data.
    """
    online = fetch is not None
    is_fresh = is_new_tree(root)
    if is_fresh:
        with blank_tree(distribution) as trial:
            planned = plan(config, trial, distribution, online=online)
            if planned.report.has_errors:
                outcome = carry_out(planned, trial, say, fetch)
                look(outcome, trial)
                return outcome
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileFault.of("make", str(root), error) from error
    is_real = with_owners and not has_manifest(root)
    with closing(RealSystem(root, boot_id="") if is_real else ScratchSystem(root)) as system:
        if system.look("/etc/passwd") is None:
            lay_base(system, distribution)
        planned = plan(config, system, distribution, online=online)
        if not is_fresh:
            planned = refuse_losses(planned, system, allowed)
        outcome = carry_out(planned, system, say, fetch)
        look(outcome, system)
        return outcome


def is_new_tree(root: Path) -> bool:
    """Whether there is no tree yet, or nothing in it."""
    return not root.exists() or (root.is_dir() and not any(root.iterdir()))


@contextmanager
def blank_tree(distribution: Distribution, devices: BlockDevices | None = None) -> Iterator[System]:
    """A tree elsewhere with nothing but the base of a distribution, gone again afterwards; to plan on, with devices."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415 -- a first boot, which has its tree, does not pay for it

    with (
        TemporaryDirectory(prefix="stoker-") as directory,
        closing(ScratchSystem(Path(directory) / "root", devices=devices)) as system,
    ):
        lay_base(system, distribution)
        yield system
