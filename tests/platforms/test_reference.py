"""docs/platforms.md: its table is the table of the platforms, with what each kind of source was tried against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stoker.platforms import PLATFORMS, Platform
from stoker.platforms.drives import Disc, Drive
from stoker.platforms.firmware import BootFifo, HypervisorConfig, LocalFile, Nowhere
from stoker.platforms.hyperv import KeyValues
from stoker.platforms.services import Service
from stoker.platforms.virtualbox import GuestProperty
from stoker.platforms.vmware import GuestInfo
from stoker.platforms.vsock import HostServer
from stoker.platforms.zvm import Reader

PAGE = Path(__file__).parent.parent.parent / "docs" / "platforms.md"
START, END = "<!-- platforms: begin -->\n", "<!-- platforms: end -->\n"

TRIED = {
    BootFifo: "a tree in place of sysfs",
    Disc: "directories in place of discs",
    Drive: "an ext4 loop device",
    GuestInfo: "scripts in place of open-vm-tools",
    GuestProperty: "a host in memory; the driver's calls never",
    HostServer: "a socket in place of vsock",
    HypervisorConfig: "a tree in place of sysfs",
    KeyValues: "a socket in place of the driver",
    LocalFile: "files",
    Nowhere: "nothing to try",
    Reader: "scripts in place of s390-tools",
    Service: "an HTTP server on loopback",
}

WRAPPED = {"base64": "base64", "gzip?+base64": "base64, and gzip in it if it is"}


def found(row: Platform) -> Iterator[str]:
    for source in row.sources:
        if isinstance(source, Service):
            yield f"`{source}`" + (f" ({WRAPPED[source.encoding]})" if source.encoding else "")
        else:
            yield str(source)


def table() -> str:
    lines = ["| platform | system | where | waits | tried against |", "|---|---|---|---|---|"]
    for row in PLATFORMS.values():
        joint = ", then " if row.in_order else "; "
        waits = any(isinstance(source, Drive | Disc | HypervisorConfig) for source in row.sources)
        silence = "no config" if row.may_be_silent else "a fault"
        tried = dict.fromkeys(TRIED[type(source)] for source in row.sources)
        cells = (
            f"`{row.name}`",
            row.title,
            joint.join(found(row)),
            f"{row.patience} s, then {silence}" if waits else "",
            "; ".join(tried),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def test_the_page_shows_the_table() -> None:
    page = PAGE.read_text()
    assert page.partition(START)[2].partition(END)[0] == table()
