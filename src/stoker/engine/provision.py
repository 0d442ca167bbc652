"""Provision a tree: the engine in one call, from a config to a tree for an image, a container, a chroot, or a look."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from stoker.engine.distributions import Distribution, lay_base
from stoker.engine.execution import Say, carry_out
from stoker.engine.impact import refuse_losses
from stoker.engine.outcome import Outcome
from stoker.engine.plan import plan
from stoker.fetch import Fetch
from stoker.schema.v3 import Config
from stoker.system import RealSystem, ScratchSystem
from stoker.system.scratch import has_manifest


def provision(
    config: Config,
    root: Path,
    *,
    distribution: Distribution,
    say: Say,
    fetch: Fetch | None = None,
    with_owners: bool = False,
    allowed: Collection[str] = (),
) -> Outcome:
    """Provision the tree below `root` as a first boot would.

    `config` is validated and merged. A tree without accounts gets the distribution's base first. Without `fetch`
    only contents that the config itself holds are written. It needs no privileges: owners, and modes that would be a
    hole, are kept in `ROOT.rights.json`. `with_owners` sets them for real, which only root may; a tree that has such
    a manifest goes on with it. What would lose data is refused, but for what is `allowed` to be lost, by its labels.
    """
    is_real = with_owners and not has_manifest(root)
    with closing(RealSystem(root, boot_id="") if is_real else ScratchSystem(root)) as system:
        if system.look("/etc/passwd") is None:
            lay_base(system, distribution)
        planned = plan(config, system, distribution, online=fetch is not None)
        return carry_out(refuse_losses(planned, system, allowed), system, say, fetch)
