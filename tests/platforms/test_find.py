"""The search: what comes before what, what is waited for and how long, and what is a fault."""

from __future__ import annotations

import os

import pytest

from stoker.platforms import PLATFORMS, NeedsNetwork, PlatformFault, Request, find_config
from stoker.platforms.messages import NEEDS_NETWORK
from stoker.system import CommandFault, FileFault
from tests.platforms.doubles import World, nobody

OPENSTACK = "/openstack/latest/user_data"


def by_url(request: Request) -> tuple[int, bytes]:
    """A `Read` to which every URL is its own content, but for those that say what else to answer."""
    for status in (204, 403, 404):
        if str(status) in request.url:
            return status, b""
    return 200, request.url.encode()


def offline(request: Request) -> tuple[int, bytes]:
    raise NeedsNetwork(NEEDS_NETWORK, where=request.url)


# Command line -> config, provider, place; the machine also has a user.ign and a drive `CONFIG`.
COMMAND_LINES = {
    "a url": ("ignition.config.url=http://h/c", b"http://h/c", "cmdline", "http://h/c (kernel argument)"),
    "a url with secrets": (
        "ignition.config.url=https://u:p@h/c?key=k",
        b"https://u:p@h/c?key=k",
        "cmdline",
        "https://h/c?... (kernel argument)",
    ),
    "a data url": ("coreos.config.url=data:,x", b"data:,x", "cmdline", "data:... (kernel argument)"),
    "an empty answer": ("ignition.config.url=http://h/204", None, "cmdline", "http://h/204 (kernel argument)"),
    "a device": (
        "ignition.config.device=CONFIG ignition.config.path=a.ign",
        b"on drive",
        "cmdline",
        "`/a.ign` on drive `CONFIG`",
    ),
    "a url before a device": (
        "ignition.config.device=CONFIG ignition.config.path=/a.ign flatcar.config.url=http://h/c",
        b"http://h/c",
        "cmdline",
        "http://h/c (kernel argument)",
    ),
    "a url that is none": (
        "coreos.config.url=http://h/c ignition.config.url=http://[::1",
        b"http://h/c",
        "cmdline",
        "http://h/c (kernel argument)",
    ),
    "nothing": ("quiet ignition.config.url=", b"user", "system", "`/etc/ignition/user.ign`"),
}


@pytest.mark.parametrize(("line", "config", "provider", "where"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_the_command_line_comes_first(line: str, config: bytes | None, provider: str, where: str, world: World) -> None:
    world.write("/proc/cmdline", f"{line}\n".encode())
    world.write("/etc/ignition/user.ign", b"user")
    world.drive("CONFIG", {"/a.ign": b"on drive"})
    found = find_config("metal", world.machine, by_url, world.say)
    assert (found.config, found.provider, found.where) == (config, provider, where)


BAD_COMMAND_LINES = {
    "a url that is not there": (
        "ignition.config.url=http://u:p@h/404",
        "resource not found: http://h/404 (kernel argument) has no config for this machine (status 404)",
    ),
    "a url that is refused": (
        "ignition.config.url=http://h/403",
        "failed to fetch resource: http://h/403 (kernel argument) answered with status 403",
    ),
    "half a device": (
        "ignition.config.device=CONFIG",
        'both "ignition.config.device" and "ignition.config.path" must be provided together',
    ),
    "the other half": (
        "ignition.config.path=/a",
        'both "ignition.config.device" and "ignition.config.path" must be provided together',
    ),
    "a label with a way out": (
        "ignition.config.device=../sda ignition.config.path=/a",
        'invalid device label "../sda"',
    ),
    "a label that is a directory": ("ignition.config.device=.. ignition.config.path=/a", 'invalid device label ".."'),
    "a device that never comes": (
        "ignition.config.device=OTHER ignition.config.path=/a",
        'device "OTHER" did not appear within timeout',
    ),
    "a file that is not there": (
        "ignition.config.device=CONFIG ignition.config.path=/b",
        'config file "/b" not found on device "CONFIG"',
    ),
    "a file outside of the drive": (
        "ignition.config.device=CONFIG ignition.config.path=../../etc/ignition/user.ign",
        'config file "../../etc/ignition/user.ign" not found on device "CONFIG"',
    ),
}


@pytest.mark.parametrize(("line", "text"), BAD_COMMAND_LINES.values(), ids=BAD_COMMAND_LINES)
def test_what_the_command_line_names_must_be_there(line: str, text: str, world: World) -> None:
    world.write("/proc/cmdline", line.encode())
    world.write("/etc/ignition/user.ign", b"user")
    world.drive("CONFIG", {"/a.ign": b"on drive"})
    with pytest.raises(PlatformFault) as caught:
        find_config("metal", world.machine, by_url, world.say)
    assert str(caught.value) == text


def test_a_url_that_is_none_is_told_of(world: World) -> None:
    world.write("/proc/cmdline", b"ignition.config.url=http://u:secret@[::1")
    assert find_config("metal", world.machine, nobody, world.say).config is None
    assert world.said == ["failed to parse url: `ignition.config.url` on the kernel command line; it is left alone"]


def test_the_environment_names_another_command_line(world: World) -> None:
    world.write("/proc/cmdline", b"ignition.config.url=http://h/real")
    world.write("/run/cmdline", b"ignition.config.url=http://h/other")
    world.environment = {"IGNITION_KERNEL_CMDLINE_PATH": "cmdline"}
    assert find_config("metal", world.machine, by_url, world.say).config == b"http://h/other"


def test_a_platform_that_does_not_exist(world: World) -> None:
    with pytest.raises(PlatformFault) as caught:
        find_config("ec2", world.machine, nobody, world.say)
    assert str(caught.value) == "ec2 is not a valid platform"
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("virtualbox, vmware, vultr, zvm")


def test_bare_metal_has_no_config_of_its_own(world: World) -> None:
    found = find_config("metal", world.machine, nobody, world.say)
    assert (found.config, found.provider, world.waited) == (None, "metal", [])


# Platform -> the label and file of a drive, and how many seconds it is waited for.
DRIVES = {
    "brightbox": ("CONFIG-2", OPENSTACK, 900),
    "cloudstack": ("config-2", "/cloudstack/userdata/user_data.txt", 900),
    "ibmcloud": ("cidata", "/user-data", 30),
    "kubevirt": ("config-2", OPENSTACK, 900),
    "kubevirt, cidata": ("cidata", "/user-data", 900),
    "nutanix": ("config-2", OPENSTACK, 900),
    "openstack": ("config-2", OPENSTACK, 900),
    "powervs": ("config-2", OPENSTACK, 900),
    "proxmoxve": ("cidata", "/user-data", 30),
    "proxmoxve, vendor data": ("cidata", "/vendor-data", 30),
}


@pytest.mark.parametrize(
    ("name", "label", "path", "seconds"), [(name, *row) for name, row in DRIVES.items()], ids=DRIVES
)
def test_a_drive_is_waited_for(name: str, label: str, path: str, seconds: int, world: World) -> None:
    def attach(count: int) -> None:
        if count == seconds:
            world.drive(label, {path: b"config"})

    world.on_wait = attach
    found = find_config(name.partition(",")[0], world.machine, nobody, world.say)
    assert (found.config, found.where) == (b"config", f"`{path}` on drive `{label}`")
    assert world.waited == [1.0] * seconds


@pytest.mark.parametrize(("name", "label"), [(name, row[0]) for name, row in DRIVES.items()], ids=DRIVES)
def test_a_drive_without_the_file_says_that_there_is_none(name: str, label: str, world: World) -> None:
    world.drive(label, {"/meta_data.json": b"{}"})
    assert find_config(name.partition(",")[0], world.machine, nobody, world.say).config is None


@pytest.mark.parametrize("name", ["ibmcloud", "proxmoxve"])
def test_a_drive_that_need_not_be_there(name: str, world: World) -> None:
    found = find_config(name, world.machine, nobody, world.say)
    assert (found.config, len(world.waited)) == (None, 30)
    assert found.where.startswith("no config source within 30 s: drive `cidata`, `/user-data`")


def test_a_drive_that_never_comes_is_told_of_and_then_a_fault(world: World) -> None:
    with pytest.raises(PlatformFault) as caught:
        find_config("nutanix", world.machine, nobody, world.say)
    assert str(caught.value) == f"no config source within 900 s: drive `config-2`, `{OPENSTACK}`"
    assert world.said[:2] == [f"waiting for drive `config-2`, `{OPENSTACK}`, {seconds} s" for seconds in (10, 20)]


def test_a_drive_and_a_service_whichever_answers_first(world: World) -> None:
    def read(request: Request) -> tuple[int, bytes]:
        return (200, b"service") if len(world.waited) == 3 else nobody(request)

    world.on_wait = lambda count: world.drive("config-2", {OPENSTACK: b"drive"}) if count == 4 else None
    assert find_config("openstack", world.machine, read, world.say).config == b"service"
    assert "no answer from http://169.254.169.254/openstack/latest/user_data: no route to host" in world.said[0]


def test_a_drive_that_cannot_be_read_leaves_it_to_the_others(world: World) -> None:
    world.drives.labels["config-2"] = world.elsewhere / "damaged"
    found = find_config("openstack", world.machine, by_url, world.say)
    assert found.config == b"http://169.254.169.254/openstack/latest/user_data"
    assert world.said[0].startswith("drive `config-2`, `/openstack/latest/user_data`: exit status 32: Cmd: ")


def test_a_drive_that_cannot_be_read_and_no_other(world: World) -> None:
    world.drives.labels["config-2"] = world.elsewhere / "damaged"
    with pytest.raises(CommandFault, match="exit status 32"):
        find_config("nutanix", world.machine, nobody, world.say)


def test_a_service_that_refuses_leaves_it_to_the_drive(world: World) -> None:
    def attach(count: int) -> None:
        if count == 2:
            world.drive("CONFIG-2", {OPENSTACK: b"drive"})

    world.on_wait = attach
    assert find_config("openstack", world.machine, lambda request: (403, b""), world.say).config == b"drive"


@pytest.mark.parametrize("name", ["aws", "gcp", "openstack", "azure"])
def test_a_service_needs_the_network(name: str, world: World) -> None:
    with pytest.raises(NeedsNetwork):
        find_config(name, world.machine, offline, world.say)
    assert world.waited == []


def test_a_drive_needs_no_network(world: World) -> None:
    world.drive("config-2", {OPENSTACK: b"drive"})
    assert find_config("openstack", world.machine, offline, world.say).config == b"drive"


def test_a_config_that_is_too_large_is_refused_wherever_it_comes_from(world: World) -> None:
    with pytest.raises(PlatformFault, match=r"user-data is larger than 67108864 bytes"):
        find_config("gcp", world.machine, lambda request: (200, bytes(request.limit + 1)), world.say)
    world.drive("cidata", {"/user-data": b""})
    os.truncate(world.elsewhere / "cidata/user-data", (64 << 20) + 1)
    with pytest.raises(FileFault, match=r"cannot read `/user-data`: larger than 67108864 bytes"):
        find_config("ibmcloud", world.machine, nobody, world.say)


def test_nothing_that_is_printed_holds_a_secret(world: World) -> None:
    asked: list[Request] = []

    def read(request: Request) -> tuple[int, bytes]:
        asked.append(request)
        return 200, b"secret"

    world.write("/proc/cmdline", b"ignition.config.url=https://u:secret@h/c?sig=secret")
    found = find_config("metal", world.machine, read, world.say)
    assert f"{found} {asked} {world.said}" == (
        "Found(6 bytes, https://h/c?... (kernel argument), cmdline) [Request(GET https:...)] []"
    )


def test_every_platform_waits_for_a_bounded_time() -> None:
    assert max(row.patience for row in PLATFORMS.values()) <= 900
