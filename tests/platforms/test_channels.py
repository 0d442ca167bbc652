"""Channels to a host, and files that it fills: each with every answer that it may give."""

from __future__ import annotations

import base64
import gzip
import socket
import threading
from collections.abc import Callable

import pytest

from stoker.platforms import Damaged, NotThere, PlatformFault, Request, find_config
from stoker.system import CommandFault
from tests.platforms.doubles import World, nobody

CONFIG = b'{"ignition": {"version": "3.4.0"}}'
IN_BASE64 = base64.b64encode(CONFIG).decode()
IN_BOTH = base64.b64encode(gzip.compress(CONFIG)).decode()

# QEMU

FW_CFG = "/sys/firmware/qemu_fw_cfg/by_name"


def put_blob(world: World, name: str, content: bytes, size: bytes | None = None) -> None:
    world.write(f"{FW_CFG}/{name}/raw", content)
    world.write(f"{FW_CFG}/{name}/size", b"%d\n" % len(content) if size is None else size)


# Blobs -> the config.
BLOBS = {
    "one": ({"opt/com.coreos/config": CONFIG}, CONFIG),
    "flatcar's": ({"opt/org.flatcar-linux/config": CONFIG}, CONFIG),
    "both": ({"opt/com.coreos/config": b"other", "opt/org.flatcar-linux/config": CONFIG}, CONFIG),
    "an empty one": ({"opt/com.coreos/config": b""}, None),
    "another's": ({"opt/com.example/config": CONFIG}, None),
    "a large one": ({"opt/com.coreos/config": bytes(3 << 20)}, bytes(3 << 20)),
}


@pytest.mark.parametrize(("blobs", "expected"), BLOBS.values(), ids=BLOBS)
def test_firmware_config(blobs: dict[str, bytes], expected: bytes | None, world: World) -> None:
    for name, content in blobs.items():
        put_blob(world, name, content)
    assert find_config("qemu", world.machine, nobody, world.say).config == expected
    assert world.system.ran == []


@pytest.mark.parametrize("size", [b"35\n", b"-1\n", b"many\n", b""])
def test_firmware_config_of_another_size(size: bytes, world: World) -> None:
    put_blob(world, "opt/com.coreos/config", CONFIG, size)
    with pytest.raises(Damaged, match=rf"has 34 bytes, not {size.decode().strip()}"):
        find_config("qemu", world.machine, nobody, world.say)


def test_the_module_is_loaded_when_its_path_is_missing(world: World) -> None:
    world.tool("modprobe", f'mkdir -p {world.root}{FW_CFG}/opt && [ "$*" = qemu_fw_cfg ]\n')
    assert find_config("qemu", world.machine, nobody, world.say).config is None
    assert world.said == ["loading kernel module qemu_fw_cfg", "QEMU firmware config was not found"]


def test_a_module_that_cannot_be_loaded(world: World) -> None:
    world.tool("modprobe", "echo no such module >&2; exit 1\n")
    with pytest.raises(CommandFault, match="no such module"):
        find_config("qemu", world.machine, nobody, world.say)


@pytest.mark.parametrize("architecture", ["s390x", "ppc64le"])
def test_a_virtio_disk_where_there_is_no_firmware_config(architecture: str, world: World) -> None:
    def attach(count: int) -> None:
        if count == 7:
            world.drives.devices["/dev/disk/by-id/virtio-ignition"] = CONFIG + bytes(512 - len(CONFIG))

    world.architecture = architecture
    world.write("/sys/bus/virtio/drivers/virtio_blk/bind", b"")
    put_blob(world, "opt/com.coreos/config", b"not asked")
    world.on_wait = attach
    assert find_config("qemu", world.machine, nobody, world.say).config == CONFIG
    assert len(world.waited) == 7


def test_a_virtio_disk_that_never_comes(world: World) -> None:
    world.architecture = "s390x"
    world.write("/sys/bus/virtio/drivers/virtio_blk/bind", b"")
    with pytest.raises(NotThere, match="no config source within 300 s"):
        find_config("qemu", world.machine, nobody, world.say)


# NVIDIA BlueField, a file

FIFO = "/sys/bus/platform/devices/MLNXBF04:00/bootfifo"


@pytest.mark.parametrize(("content", "expected"), [(b"\0\0" + CONFIG + b"\0", CONFIG), (b"\0\0", None), (b"", None)])
def test_a_boot_fifo(content: bytes, expected: bytes | None, world: World) -> None:
    world.write(FIFO, content)
    assert find_config("nvidiabluefield", world.machine, nobody, world.say).config == expected


def test_no_boot_fifo_is_no_config(world: World) -> None:
    world.tool("modprobe", "")
    assert find_config("nvidiabluefield", world.machine, nobody, world.say).config is None
    assert world.system.ran == [["modprobe", "mlxbf_bootctl"]]


@pytest.mark.parametrize(
    ("name", "path"),
    [(None, "/run/config.ign"), ("", "/run/config.ign"), ("other.ign", "/run/other.ign"), ("/etc/c.ign", "/etc/c.ign")],
)
def test_a_file(name: str | None, path: str, world: World) -> None:
    world.environment = {} if name is None else {"IGNITION_CONFIG_FILE": name}
    with pytest.raises(NotThere, match=f"no config at `{path}`"):
        find_config("file", world.machine, nobody, world.say)
    world.write(path, CONFIG)
    assert find_config("file", world.machine, nobody, world.say).config == CONFIG


# VMware

OVF = f"""<?xml version="1.0" encoding="UTF-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1">
  <PropertySection>
    <Property oe:key="guestinfo.ignition.config.data" oe:value="{IN_BASE64}"/>
    <Property oe:key="guestinfo.ignition.config.data.encoding" oe:value="base64"/>
    <Property oe:key="guestinfo.hostname" oe:value="a &lt;b&gt;"></Property>
  </PropertySection>
</Environment>
"""


def set_keys(world: World, tool: str, keys: dict[str, str]) -> None:
    """A tool that knows these keys and speaks as open-vm-tools' do."""
    (world.root / "keys").mkdir()
    for key, value in keys.items():
        world.write(f"/keys/{key}", value.encode())
    world.tool(
        tool,
        f"""[ "$1" = --cmd ] && shift
verb=${{1%% *}} rest=${{1#* }}
cd {world.root}/keys || exit 1
if [ $verb = info-set ]; then printf %s "${{rest#* }}" >"${{rest%% *}}"; exit; fi
if [ $verb != info-get ] || [ ! -e "$rest" ]; then echo "No value found"; exit 1; fi
cat "$rest"; echo
""",
    )


# Keys -> the config.
GUEST_INFO = {
    "plain": ({"guestinfo.ignition.config.data": CONFIG.decode()}, CONFIG),
    "base64": (
        {"guestinfo.ignition.config.data": IN_BASE64, "guestinfo.ignition.config.data.encoding": "base64"},
        CONFIG,
    ),
    "gzip and base64": (
        {"guestinfo.ignition.config.data": IN_BOTH, "guestinfo.ignition.config.data.encoding": "gzip+base64"},
        CONFIG,
    ),
    "the older name": ({"guestinfo.coreos.config.data": CONFIG.decode()}, CONFIG),
    "both names": (
        {"guestinfo.coreos.config.data": "older", "guestinfo.ignition.config.data": CONFIG.decode()},
        CONFIG,
    ),
    "a url": ({"guestinfo.ignition.config.url": "http://h/c"}, b"http://h/c"),
    "a url by its older name": ({"guestinfo.coreos.config.url": "http://h/c"}, b"http://h/c"),
    "data and a url": (
        {"guestinfo.ignition.config.url": "http://h/c", "guestinfo.coreos.config.data": "data"},
        b"data",
    ),
    "the environment": ({"guestinfo.ovfEnv": OVF}, CONFIG),
    "a key and the environment": (
        {
            "guestinfo.ovfEnv": OVF,
            "guestinfo.ignition.config.data": IN_BOTH,
            "guestinfo.ignition.config.data.encoding": "gz+b64",
        },
        CONFIG,
    ),
    "another's environment": ({"guestinfo.ovfEnv": "<Environment/>"}, None),
    "an environment that is none": ({"guestinfo.ovfEnv": "<", "guestinfo.ignition.config.data": "data"}, b"data"),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("tool", ["vmware-rpctool", "vmtoolsd"])
@pytest.mark.parametrize(("keys", "expected"), GUEST_INFO.values(), ids=GUEST_INFO)
def test_guestinfo(keys: dict[str, str], expected: bytes | None, tool: str, world: World) -> None:
    def read(request: Request) -> tuple[int, bytes]:
        return 200, request.url.encode()

    set_keys(world, tool, keys)
    assert find_config("vmware", world.machine, read, world.say).config == expected


def test_guestinfo_of_an_encoding_that_is_not_known(world: World) -> None:
    keys = {"guestinfo.ignition.config.data": "x", "guestinfo.ignition.config.data.encoding": "xz"}
    set_keys(world, "vmware-rpctool", keys)
    with pytest.raises(Damaged, match="unsupported encoding `xz` of the config at `guestinfo"):
        find_config("vmware", world.machine, nobody, world.say)


def test_no_tool_to_ask_vmware_with(world: World) -> None:
    with pytest.raises(NotThere, match="`vmware-rpctool`, `vmtoolsd`"):
        find_config("vmware", world.machine, nobody, world.say)


def test_a_tool_that_fails_is_no_missing_key(world: World) -> None:
    world.tool("vmware-rpctool", "echo Failed to open channel >&2; exit 1\n")
    with pytest.raises(CommandFault, match="Failed to open channel"):
        find_config("vmware", world.machine, nobody, world.say)


# Hyper-V

HALVES = [(b"ignition.config.1", CONFIG[9:]), (b"ignition.config.0", CONFIG[:9]), (b"ignition.config.3", b"lost")]
PAIRS = {
    "one key": ([(b"other", b"x"), (b"ignition.config", CONFIG)], CONFIG),
    "numbered keys": (HALVES, CONFIG),
    "one key before numbered ones": ([*HALVES, (b"ignition.config", b"whole")], b"whole"),
    "the first of a name": ([(b"ignition.config", CONFIG), (b"ignition.config", b"later")], CONFIG),
    "an empty key": ([(b"ignition.config", b""), *HALVES], CONFIG),
    "numbers from 1": ([(b"ignition.config.1", b"x")], None),
    "nothing": ([], None),
}


def pool_file(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(key.ljust(512, b"\0") + value.ljust(2048, b"\0") for key, value in pairs)


@pytest.mark.parametrize(("pairs", "expected"), PAIRS.values(), ids=PAIRS)
def test_pairs_from_the_kernel(pairs: list[tuple[bytes, bytes]], expected: bytes | None, world: World) -> None:
    world.write("/sys/bus/vmbus/drivers/hv_utils/bind", b"")
    world.host.pools = {0: pairs, 3: [(b"ignition.config", b"of another pool")]}
    found = find_config("hyperv", world.machine, nobody, world.say)
    assert found.config == expected
    assert found.files == {
        "/var/lib/hyperv/.kvp_pool_0": pool_file(pairs),
        "/var/lib/hyperv/.kvp_pool_3": pool_file([(b"ignition.config", b"of another pool")]),
    }


@pytest.mark.parametrize(("pairs", "expected"), PAIRS.values(), ids=PAIRS)
def test_pairs_from_the_daemons_file(pairs: list[tuple[bytes, bytes]], expected: bytes | None, world: World) -> None:
    world.write("/sys/bus/vmbus/drivers/hv_utils/bind", b"")
    world.write("/var/lib/hyperv/.kvp_pool_0", pool_file(pairs) + b"a record cut short")
    found = find_config("hyperv", world.machine, nobody, world.say)
    assert (found.config, dict(found.files)) == (expected, {})


# VirtualBox


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"/Ignition/Config": CONFIG}, CONFIG),
        ({"/Ignition/Config": CONFIG, "/Ignition/Config/Encoding": b""}, CONFIG),
        ({"/Ignition/Config": b""}, None),
        ({}, None),
    ],
)
def test_a_guest_property(properties: dict[str, bytes], expected: bytes | None, world: World) -> None:
    world.host.properties = properties
    assert find_config("virtualbox", world.machine, nobody, world.say).config == expected


def test_a_guest_property_of_an_encoding(world: World) -> None:
    world.host.properties = {"/Ignition/Config": CONFIG, "/Ignition/Config/Encoding": b"gzip"}
    with pytest.raises(Damaged, match="unsupported encoding `gzip` of the config at guest property `/Ignition/Config`"):
        find_config("virtualbox", world.machine, nobody, world.say)


# Apple Hypervisor


def serve_once(reply: bytes, heard: list[bytes]) -> Callable[[int], socket.socket]:
    """A host that takes one request on any port and answers it."""

    def connect(port: int) -> socket.socket:
        ours, theirs = socket.socketpair()

        def serve() -> None:
            with theirs:
                heard.append(b"%d " % port + theirs.recv(65536))
                theirs.sendall(reply)

        threading.Thread(target=serve).start()
        return ours

    return connect


@pytest.mark.parametrize(("content", "expected"), [(CONFIG, CONFIG), (b"", None)])
def test_a_server_of_the_host(content: bytes, expected: bytes | None, world: World) -> None:
    heard: list[bytes] = []
    world.write("/sys/devices/virtual/misc/vsock/dev", b"10:1")
    world.host.connect = serve_once(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content), heard)
    assert find_config("applehv", world.machine, nobody, world.say).config == expected
    assert heard[0].startswith(b"1024 GET / HTTP/1.1\r\n")
    assert b"\r\nAccept: application/json\r\n" in heard[0]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "vsock port 1024 of the host answered with status 404",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "no answer from vsock port 1024 of the host: "),
        (b"", "no answer from vsock port 1024 of the host: "),
    ],
    ids=["refuses", "stops", "hangs up"],
)
def test_a_server_of_the_host_that(reply: bytes, text: str, world: World) -> None:
    world.write("/sys/devices/virtual/misc/vsock/dev", b"10:1")
    world.host.connect = serve_once(reply, [])
    with pytest.raises(PlatformFault, match=text):
        find_config("applehv", world.machine, nobody, world.say)


# z/VM

SPOOL = """ORIGINID FILE CLASS RECORDS  CPY HOLD DATE  TIME     NAME      TYPE     DIST
MAINT    0007 A PUN 00000001 001 NONE 06-01 12:00:00 IMAGE     INITRD   SYSPROG
MAINT    0009 A PUN 00000001 001 NONE 06-01 12:00:00 worker    ign      SYSPROG
"""


def test_a_reader(world: World) -> None:
    for tool in ("modprobe", "udevadm", "chccwdev"):
        world.tool(tool, "")
    world.write("/run/keep", b"")
    world.tool(
        "vmur", f"if [ $1 = li ]; then cat <<'E'\n{SPOOL}E\nelse printf '%s\\0\\0' '{CONFIG.decode()}' >$4; fi\n"
    )
    found = find_config("zvm", world.machine, nobody, world.say)
    assert (found.config, found.where) == (CONFIG, "reader 000c, the first file of type `ign`, `worker.ign`")
    received = f"{world.root}/run/stoker-reader.ign"
    assert world.system.ran == [
        ["modprobe", "vmur"],
        ["chccwdev", "-e", "000c"],
        ["udevadm", "settle"],
        ["vmur", "li"],
        ["vmur", "re", "-f", "0009", received],
    ]
    assert not (world.root / "run/stoker-reader.ign").exists()


def test_a_reader_that_the_kernel_ignores(world: World) -> None:
    for tool in ("modprobe", "udevadm"):
        world.tool(tool, "")
    world.tool("vmur", f"head -n 2 <<'E'\n{SPOOL}E\n")
    world.tool("cio_ignore", f"touch {world.root}/exposed")
    world.tool("chccwdev", f"test -e {world.root}/exposed")
    assert find_config("zvm", world.machine, nobody, world.say).config is None
    assert ["cio_ignore", "-r", "000c"] in world.system.ran
