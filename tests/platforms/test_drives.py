"""Drives: files of another language, discs with an OVF environment, and links that would lead out."""

from __future__ import annotations

import base64

import pytest

from stoker.platforms import PlatformFault, find_config
from stoker.system import FileFault
from tests.platforms.doubles import World, nobody, write

CLOUD_CONFIG = b"#cloud-config\nhostname: x\n"

# user-data, vendor-data -> the config of Proxmox VE.
PROXMOX = {
    "user data": (b"config", b"vendor", b"config"),
    "user data is another's": (CLOUD_CONFIG, b"vendor", b"vendor"),
    "user data is empty": (b"", b"vendor", b"vendor"),
    "both are another's": (CLOUD_CONFIG, CLOUD_CONFIG, None),
    "not quite another's": (b"#cloud-config", b"vendor", b"#cloud-config"),
}


@pytest.mark.parametrize(("user", "vendor", "expected"), PROXMOX.values(), ids=PROXMOX)
def test_proxmox_takes_what_is_no_cloud_config(
    user: bytes, vendor: bytes, expected: bytes | None, world: World
) -> None:
    world.drive("cidata", {"/user-data": user, "/vendor-data": vendor})
    assert find_config("proxmoxve", world.machine, nobody, world.say).config == expected
    left_alone = "`/user-data` on drive `cidata` starts with `#cloud-config` and is left alone"
    assert (left_alone in world.said) == (user == CLOUD_CONFIG)


def test_another_platform_leaves_it_to_the_caller(world: World) -> None:
    world.drive("cidata", {"/user-data": CLOUD_CONFIG})
    assert find_config("ibmcloud", world.machine, nobody, world.say).config == CLOUD_CONFIG


def test_a_link_on_a_drive_does_not_lead_out(world: World) -> None:
    world.drive("cidata", {"/meta-data": b""})
    (world.elsewhere / "cidata" / "user-data").symlink_to("/../../../../../../../../etc/hostname")
    assert find_config("ibmcloud", world.machine, nobody, world.say).config is None


def test_a_directory_in_place_of_the_file(world: World) -> None:
    world.drive("cidata", {"/user-data/file": b""})
    with pytest.raises(FileFault, match="cannot read `/user-data`: not a regular file"):
        find_config("ibmcloud", world.machine, nobody, world.say)


ENVIRONMENT = """<?xml version="1.0" encoding="utf-8"?>
<ns0:Environment xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns1="http://schemas.microsoft.com/windowsazure">
  <ns1:ProvisioningSection><ns1:LinuxProvisioningConfigurationSet>
    <ns1:HostName>node</ns1:HostName><ns1:CustomData>{}</ns1:CustomData>
  </ns1:LinuxProvisioningConfigurationSet></ns1:ProvisioningSection>
</ns0:Environment>
"""
CUSTOM = ENVIRONMENT.format("\n      " + base64.b64encode(b"custom").decode() + "\n    ").encode()
WITHOUT = ENVIRONMENT.format("").encode()

# The files of a disc -> the config.
DISCS = {
    "a file": ({"/ovf-env.xml": CUSTOM, "/CustomData.bin": b"file"}, b"file"),
    "an empty file": ({"/ovf-env.xml": CUSTOM, "/CustomData.bin": b""}, None),
    "no file": ({"/ovf-env.xml": CUSTOM}, b"custom"),
    "nothing": ({"/ovf-env.xml": WITHOUT}, None),
}


@pytest.mark.parametrize(("files", "expected"), DISCS.values(), ids=DISCS)
@pytest.mark.parametrize(("name", "kind"), [("azure", "udf"), ("azurestack", "udf"), ("azurestack", "iso9660")])
def test_custom_data_on_a_disc(
    files: dict[str, bytes], expected: bytes | None, name: str, kind: str, world: World
) -> None:
    world.drives.kinds[kind] = [write(world.elsewhere / "data", {"/other": b""})]
    world.drives.kinds[kind] += [write(world.elsewhere / "ovf", files)]
    found = find_config(name, world.machine, lambda request: (200, b""), world.say)
    assert found.config == expected
    assert world.said[0].endswith("has no `/ovf-env.xml` and is left alone")


def test_a_disc_that_cannot_be_mounted_is_left_alone(world: World) -> None:
    ovf = write(world.elsewhere / "ovf", DISCS["a file"][0])
    world.drives.kinds["udf"] = [world.elsewhere / "damaged", ovf]
    assert find_config("azurestack", world.machine, nobody, world.say).config == b"file"
    assert "cannot be mounted and is left alone: exit status 32" in world.said[0]


def test_user_data_comes_before_the_disc(world: World) -> None:
    world.drives.kinds["udf"] = [write(world.elsewhere / "ovf", DISCS["a file"][0])]
    found = find_config("azure", world.machine, lambda request: (200, base64.b64encode(b"user")), world.say)
    assert found.config == b"user"


def test_azure_has_no_iso_disc(world: World) -> None:
    world.drives.kinds["iso9660"] = [write(world.elsewhere / "ovf", DISCS["a file"][0])]
    with pytest.raises(PlatformFault, match=r"no config source within 900 s: udf disc, `/CustomData\.bin`"):
        find_config("azure", world.machine, lambda request: (204, b""), world.say)


BAD_ENVIRONMENTS = {
    "no xml": (b"<a", "cannot be read: "),
    "entities": (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "cannot be read: it has a document type"),
    "not base64": (ENVIRONMENT.format("a!").encode(), "is not base64: "),
}


@pytest.mark.parametrize(("environment", "text"), BAD_ENVIRONMENTS.values(), ids=BAD_ENVIRONMENTS)
def test_an_environment_that_cannot_be_read(environment: bytes, text: str, world: World) -> None:
    world.drives.kinds["udf"] = [write(world.elsewhere / "ovf", {"/ovf-env.xml": environment})]
    with pytest.raises(PlatformFault, match=text):
        find_config("azurestack", world.machine, nobody, world.say)
