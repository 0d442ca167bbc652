"""What comes after the search: taking the config back from the host, and telling the platform how a stage ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stoker.platforms import PLATFORMS, Damaged, NotThere, find_config, remove_config, report_status, this_machine
from stoker.platforms.ovf import properties, without
from tests.platforms.doubles import Asked, Metadata, World, nobody, reader
from tests.platforms.test_channels import CONFIG, OVF, set_keys

# Taking back

REMOVABLE = {"virtualbox", "vmware"}


@pytest.mark.parametrize("name", sorted(set(PLATFORMS) - REMOVABLE))
def test_most_platforms_keep_their_config(name: str, world: World) -> None:
    with pytest.raises(NotThere, match="cannot delete config on this platform"):
        remove_config(name, world.machine, world.say)


def test_a_guest_property_is_removed(world: World) -> None:
    world.host.properties = {"/Ignition/Config": CONFIG, "/Ignition/Config/Encoding": b"", "/Other": b"stays"}
    remove_config("virtualbox", world.machine, world.say)
    remove_config("virtualbox", world.machine, world.say)
    assert world.host.properties == {"/Other": b"stays"}


def test_guestinfo_is_emptied(world: World) -> None:
    keys = {
        "guestinfo.ignition.config.data": "secret",
        "guestinfo.ignition.config.data.encoding": "gz",
        "guestinfo.coreos.config.data": "secret",
        "guestinfo.ovfEnv": OVF,
        "guestinfo.other": "stays",
    }
    set_keys(world, "vmware-rpctool", keys)
    remove_config("vmware", world.machine, world.say)
    left = {path.name: path.read_text() for path in (world.root / "keys").iterdir()}
    environment = left.pop("guestinfo.ovfEnv")
    assert left == {
        "guestinfo.ignition.config.data": "e30K",
        "guestinfo.ignition.config.data.encoding": "base64",
        "guestinfo.coreos.config.data": "e30K",
        "guestinfo.coreos.config.data.encoding": "base64",
        "guestinfo.other": "stays",
    }
    assert properties(environment.encode(), "here") == {"guestinfo.hostname": "a <b>"}
    assert find_config("vmware", world.machine, nobody, world.say).config == b"{}\n"
    said = len(world.said)
    remove_config("vmware", world.machine, world.say)
    assert world.said[said:] == []


ENVIRONMENTS = {
    "an empty element": ('<P><Property key="k" value=">"/><Property key="l"/></P>', '<P><Property key="l"/></P>'),
    "an element": ("<P> <Property key='k' value='\"'> </Property > </P>", "<P>  </P>"),
    "children": ('<P><Property key="k"><Property key="l"/></Property>x</P>', "<P>x</P>"),
    "namespaces": (
        '<o:P xmlns:o="u"><o:Property o:value="v" o:key="k"/><!-- k --></o:P>',
        '<o:P xmlns:o="u"><!-- k --></o:P>',
    ),
    "the last of its parent": ('<P><Property key="k"/></P>', "<P></P>"),
    "another element": ('<P><Other key="k"/></P>', '<P><Other key="k"/></P>'),
    "beyond ascii": ('<P>é<Property key="k"/>é</P>', "<P>éé</P>"),
}


@pytest.mark.parametrize(("document", "expected"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_a_property_is_cut_out_of_an_environment(document: str, expected: str) -> None:
    assert without(document.encode(), {"k"}, "here").decode() == expected


def test_an_environment_whose_bytes_cannot_be_counted() -> None:
    with pytest.raises(Damaged):
        without('<P><Property key="k"/></P>'.encode("utf-16"), {"k"}, "here")


# Telling

HOME = b'{"phone_home_url": "http://147.75.1.1/phone-home", "id": "x"}'
METADATA = Asked("GET", "https://metadata.packet.net", "/metadata", {"Accept": "*/*"})


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("", {"state": "running", "message": "[disks] Ignition status: finished successfully"}),
        ("no such disk", {"state": "failed", "message": "[disks] Ignition error: no such disk"}),
    ],
)
def test_a_stage_is_reported(error: str, line: dict[str, str], world: World, service: Metadata) -> None:
    service.replies["GET", "/metadata"] = [(200, HOME)]
    report_status("packet", "disks", error, reader(service.port), world.say)
    asked, told = service.asked
    assert asked == METADATA
    assert told[:4] == ("POST", "http://147.75.1.1", "/events", {"Content-Type": "application/json"})
    assert json.loads(told.body) == line
    assert world.said == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((404, b""), "https://metadata.packet.net/metadata answered with status 404; the stage is not reported"),
        ((200, b"{}"), "the stage is not reported: Object missing required field `phone_home_url`"),
        (
            (200, b'{"x":' + b"[" * 100_000),
            "the stage is not reported: maximum recursion depth exceeded while deserializing an object",
        ),
        ((200, b"<html>"), "the stage is not reported: JSON is malformed: invalid character (byte 0)"),
    ],
    ids=["absent", "without a place", "too deep", "no json"],
)
def test_a_report_that_fails_is_only_told(reply: tuple[int, bytes], said: str, world: World, service: Metadata) -> None:
    service.replies["GET", "/metadata"] = [reply]
    report_status("packet", "disks", "", reader(service.port), world.say)
    assert (service.asked, world.said) == ([METADATA], [said])


def test_a_report_without_a_network_is_only_told(world: World) -> None:
    report_status("packet", "disks", "", nobody, world.say)
    assert world.said[0].startswith("the stage is not reported: no answer from https://metadata.packet.net/metadata")


def test_no_other_platform_is_told(world: World) -> None:
    for name in set(PLATFORMS) - {"packet"}:
        report_status(name, "disks", "", nobody, world.say)
    assert world.said == []


# Here


def test_this_machine_is_the_one_the_test_runs_on() -> None:
    machine = this_machine()
    assert (machine.system.root, machine.directory, machine.architecture) == ("", os.getcwd(), os.uname().machine)
    machine.system.close()


def test_the_room_imports_nothing_heavy() -> None:
    """What few machines need (an HTTP client for vsock, temporary directories, ioctls) is loaded where it is used."""
    source = str(Path(__file__).parent.parent.parent / "src")
    heavy = {"ctypes", "email", "http.client", "random", "shutil", "ssl", "subprocess", "tempfile"}
    program = "import sys, stoker.platforms; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    assert heavy & set(done.stdout.split()) == set()
