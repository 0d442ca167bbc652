"""What a change costs: paths and units by the policy, steps of a plan with what is lost by them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoker.engine import DISTRIBUTIONS, lay_base, plan
from stoker.engine.impact import judge, losses_of, readers_of, refuse_losses
from stoker.engine.operations.accounts import RemoveUser
from stoker.engine.policy import PATHS, RANKS, WORKLOAD, Impact, effect_of_path, effect_of_unit
from stoker.fetch import Embedded
from stoker.schema.v3 import Config
from stoker.system import ScratchSystem

# path -> class and units
PATH_COSTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "/": ("live", ()),
    "/opt/bin/tool": ("live", ()),
    "/etc/motd": ("live", ()),
    "/etc/hostname": ("reboot", ()),
    "/etc/hostnames": ("live", ()),
    "/etc/sysctl.d/10-net.conf": ("restart", ("systemd-sysctl.service",)),
    "/etc/sysctl.d": ("live", ()),
    "/etc/ssh/sshd_config.d/40.conf": ("reload", ("sshd.service",)),
    "/etc/NetworkManager/system-connections/eth0.nmconnection": ("reload", ("NetworkManager.service",)),
    "/etc/coreos/update.conf": ("restart", ("update-engine.service", "locksmithd.service")),
    "/etc/coreos/other.conf": ("live", ()),
    "/etc/kubernetes/kubelet.conf": ("drain", ("kubelet.service",)),
    "/etc/modprobe.d/nouveau.conf": ("reboot", ()),
    "/boot/loader/entries/a.conf": ("reboot", ()),
    "/etc/systemd/system/a.service": ("restart", ("a.service",)),
    "/etc/systemd/system/a.service.d/b.conf": ("restart", ("a.service",)),
    "/etc/systemd/system/kubelet.service.d/b.conf": ("drain", ("kubelet.service",)),
    "/etc/systemd/system/a.target.wants/b.service": ("reload", ()),
    "/etc/systemd/journald.conf.d/a.conf": ("restart", ("systemd-journald.service",)),
    "/etc/containers/systemd/web.container": ("restart", ("web.service",)),
    "/etc/containers/systemd/sub/web.volume": ("restart", ("web-volume.service",)),
    "/etc/containers/systemd/docker.kube": ("drain", ("docker.service",)),
    "/etc/containers/systemd/readme.txt": ("live", ()),
}


@pytest.mark.parametrize(("path", "expected"), PATH_COSTS.items(), ids=PATH_COSTS)
def test_what_a_path_costs(path: str, expected: tuple[str, tuple[str, ...]]) -> None:
    effect = effect_of_path(path)
    assert (str(effect.impact), effect.units) == expected


def test_units_are_restarted_after_their_workload_has_left() -> None:
    assert effect_of_unit("a.service").impact is Impact.RESTART
    assert {effect_of_unit(name).impact for name in WORKLOAD} == {Impact.DRAIN}


def test_the_table_is_in_order_and_its_effects_are_whole() -> None:
    """A reload or a restart is of something; what drains is a workload."""
    assert sorted(PATHS) == list(PATHS)
    for path, effect in PATHS.items():
        assert bool(effect.units) or effect.impact in {Impact.LIVE, Impact.RELOAD, Impact.REBOOT, Impact.REPROVISION}
        assert (effect.impact is Impact.DRAIN) == bool(WORKLOAD.intersection(effect.units)), path


def test_the_classes_from_the_least_to_the_most() -> None:
    assert " < ".join(sorted(Impact, key=lambda impact: impact.rank)) == (
        "none < live < reload < restart < drain < reboot < reprovision < data loss"
    )
    assert len(RANKS) == len(Impact)


TREE = {
    "/etc/systemd/system/full.service/x": "",
    "/etc/motd": "hello",
    "/srv/data/file": "precious",
    "/home/bob/letter": "dear",
}

# id: (config, class of its first step, units, what is lost)
STEPS: dict[str, tuple[dict[str, Any], str, tuple[str, ...], list[str]]] = {
    "a new file": ({"files": [{"path": "/etc/x"}]}, "live", (), []),
    "a file that is so": (
        {"files": [{"path": "/etc/motd", "overwrite": True, "contents": {"source": "data:,hello"}}]},
        "none",
        (),
        [],
    ),
    "a file with another mode": ({"files": [{"path": "/etc/motd", "mode": 0o600}]}, "live", (), []),
    "what has to be fetched is not known to be so": (
        {"files": [{"path": "/etc/motd", "overwrite": True, "contents": {"source": "https://x/y"}}]},
        "live",
        (),
        [],
    ),
    "a file in place of a directory": (
        {"files": [{"path": "/srv/data", "overwrite": True, "contents": {"source": "data:,x"}}]},
        "data loss",
        (),
        ["the directory `/srv/data`"],
    ),
    "a link in place of a directory": (
        {"links": [{"path": "/srv/data", "target": "/x", "overwrite": True}]},
        "data loss",
        (),
        ["the directory `/srv/data`"],
    ),
    "a directory in place of itself": (
        {"directories": [{"path": "/srv/data", "overwrite": True}]},
        "data loss",
        (),
        ["the directory `/srv/data`"],
    ),
    "a directory in place of an empty one": (
        {"directories": [{"path": "/srv/empty", "overwrite": True}]},
        "none",
        (),
        [],
    ),
    "a directory that stays": ({"directories": [{"path": "/srv/data"}]}, "none", (), []),
    "what a unit reads": (
        {
            "files": [{"path": "/etc/web.conf"}],
            "units": [("web.service", "[Service]\nExecStart=/bin/x /etc/web.conf\n")],
        },
        "restart",
        ("web.service",),
        [],
    ),
    "what two units read, through a link": (
        {
            "files": [{"path": "/srv/real/web.conf"}],
            "units": [
                ("web.service", "[Service]\nEnvironmentFile=-/srv/link/web.conf\n"),
                ("kubelet.service", "[Service]\nExecStart=/bin/x --config=/srv/link/web.conf\n"),
            ],
        },
        "drain",
        ("kubelet.service", "web.service"),
        [],
    ),
    "what a unit reads has a longer name": (
        {"files": [{"path": "/etc/web"}], "units": [("web.service", "[Service]\nExecStart=/bin/x /etc/web.conf\n")]},
        "live",
        (),
        [],
    ),
    "a user that goes": (
        {"users": [{"name": "bob", "shouldExist": False}]},
        "data loss",
        (),
        ["the home of user bob `/home/bob`"],
    ),
    "a user that goes, without a home of its own": (
        {"users": [{"name": "nobody", "shouldExist": False}]},
        "live",
        (),
        [],
    ),
    "a unit masked where a directory is": (
        {"units": [("full.service", None)]},
        "data loss",
        ("full.service",),
        ["the directory `/etc/systemd/system/full.service`"],
    ),
    "a unit unmasked where a directory is": (
        {"units": [("full.service", False)]},
        "none",
        (),
        [],
    ),
    "a user that is new": ({"users": [{"name": "new"}]}, "live", (), []),
}


LABELS = {"/srv/data", "/home/bob", "/etc/systemd/system/full.service"}


@pytest.mark.parametrize(("said", "impact", "units", "losses"), STEPS.values(), ids=STEPS)
def test_what_a_step_costs(
    said: dict[str, Any], impact: str, units: tuple[str, ...], losses: list[str], tmp_path: Path
) -> None:
    units_said = [
        {"name": name, "contents": text} if isinstance(text, str) else {"name": name, "mask": text is None}
        for name, text in said.pop("units", [])
    ]
    users = said.pop("users", [])
    config = msgspec.convert(
        {
            "ignition": {"version": "3.5.0"},
            "storage": said,
            "passwd": {"users": users},
            "systemd": {"units": units_said},
        },
        Config,
    )
    with closing(ScratchSystem(tmp_path / "root")) as system:
        lay_base(system, DISTRIBUTIONS["flatcar"])
        for path, text in TREE.items():
            system.write_file(path, text.encode())
        system.make_directory("/srv/empty")
        system.make_directory("/srv/real")
        system.link("/srv/link", "real")
        system.write_file(
            "/etc/passwd", system.read("/etc/passwd") + b"bob:x:1000:1000::/home/bob:/bin/sh\n", replace=True
        )
        system.set_owner("/home/bob", 1000, 1000)
        planned = plan(config, system, DISTRIBUTIONS["flatcar"], online=True)
        judged = list(judge(planned.steps, system, Embedded(), readers_of(config, system)))
        fresh = list(judge(planned.steps, system, Embedded(), {}, is_fresh=True))
        allowed = refuse_losses(planned, system, LABELS).report.entries[:]
        refused = refuse_losses(planned, system, ()).report.entries
    assert (str(judged[0].impact), judged[0].units) == (impact, units)
    assert [str(loss) for loss in judged[0].losses] == losses
    assert allowed == []
    assert [entry.message for entry in refused] == [f"data would be lost: {loss}" for loss in losses]
    assert not any(row.losses for row in fresh)


def test_a_user_that_goes_without_its_home_loses_nothing(tmp_path: Path) -> None:
    with closing(ScratchSystem(tmp_path / "root")) as system:
        system.write_file("/etc/passwd", b"bob:x:1000:1000::/home/bob:/bin/sh\n")
        system.write_file("/home/bob/diary", b"x")
        system.set_owner("/home/bob", 1000, 1000)
        losses = [losses_of(RemoveUser("bob", keep_home=kept), system) for kept in (False, True)]
    assert [len(found) for found in losses] == [1, 0]
