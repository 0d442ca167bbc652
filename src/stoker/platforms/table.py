"""The platforms, a row each: where a machine on it finds its config.

Names and places are Ignition's (2.27, docs/supported-platforms.md and the providers); where a row says more, its
comment names the source. `SHORT`, `DEVICE`, `LONG`: seconds until a source that is not there yet is given up.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.platforms.drives import Disc, Drive
from stoker.platforms.errors import UnknownPlatform
from stoker.platforms.firmware import BootFifo, Device, FirmwareConfig, HypervisorConfig, LocalFile, Nowhere
from stoker.platforms.hyperv import KeyValues
from stoker.platforms.machine import Source
from stoker.platforms.messages import UNKNOWN_PLATFORM
from stoker.platforms.services import Service, Token
from stoker.platforms.virtualbox import GuestProperty
from stoker.platforms.vmware import GuestInfo
from stoker.platforms.vsock import HostServer
from stoker.platforms.zvm import Reader

METADATA: Final = "http://169.254.169.254"

SHORT: Final = 30
DEVICE: Final = 300
LONG: Final = 900  # Ignition waits without end, and nobody is told; a quarter of an hour is long for a drive


class Platform(msgspec.Struct, frozen=True):
    """Where a machine on a platform looks.

    Any source that answers ends the search; if `in_order`, only one with a config does, and an empty answer hands over
    to the next. After `patience` seconds of silence there is no config where `may_be_silent`, else that is a fault.
    """

    name: str
    title: str
    sources: tuple[Source, ...]
    in_order: bool = False
    patience: int = LONG
    may_be_silent: bool = False


_OPENSTACK_FILE: Final = ("/openstack/latest/user_data",)
_CLOUDSTACK_FILE: Final = ("/cloudstack/userdata/user_data.txt",)
_NO_CLOUD_FILE: Final = ("/user-data",)
_OVF_FILE: Final = "/CustomData.bin"

# Either case of the label: the volume of a vfat drive is upper case. The link-local address: OpenStack's metadata over
# IPv6 (Neutron, RFC 6874 for the zone).
_OPENSTACK: Final = (
    Drive("config-2", _OPENSTACK_FILE),
    Drive("CONFIG-2", _OPENSTACK_FILE),
    Service(f"{METADATA}/openstack/latest/user_data", patient=False),
    Service("http://[fe80::a9fe:a9fe%25{interface}]/openstack/latest/user_data", patient=False),
)

_ROWS: Final = (
    Platform(
        "akamai",
        "Akamai Connected Cloud (Linode)",
        (
            Service(
                f"{METADATA}/v1/user-data",
                {"Accept": "*/*"},
                Token(
                    f"{METADATA}/v1/token",
                    {"Accept": "text/plain", "Metadata-Token-Expiry-Seconds": "300"},
                    "Metadata-Token",
                ),
                encoding="gzip?+base64",
                absent=(),
            ),
        ),
    ),
    Platform("aliyun", "Alibaba Cloud", (Service("http://100.100.100.200/latest/user-data"),)),
    Platform("applehv", "Apple Hypervisor", (HostServer(1024),)),
    # Instance metadata service, version 2 where it is on: EC2 user guide, "Use the Instance Metadata Service".
    Platform(
        "aws",
        "Amazon EC2",
        (
            Service(
                f"{METADATA}/2019-10-01/user-data",
                token=Token(
                    f"{METADATA}/latest/api/token",
                    {"x-aws-ec2-metadata-token-ttl-seconds": "21600"},
                    "X-aws-ec2-metadata-token",
                    optional=True,
                ),
            ),
        ),
    ),
    # The metadata service may answer 404, 410 and 429 while the machine is young; custom data is the older way.
    Platform(
        "azure",
        "Microsoft Azure",
        (
            Service(
                f"{METADATA}/metadata/instance/compute/userData?api-version=2021-01-01&format=text",
                {"Metadata": "true"},
                encoding="base64",
                absent=(),
                retried=(404, 410, 429),
            ),
            Disc(("udf",), _OVF_FILE),
        ),
        in_order=True,
    ),
    Platform("azurestack", "Microsoft Azure Stack", (Disc(("udf", "iso9660"), _OVF_FILE),)),
    Platform("brightbox", "Brightbox", _OPENSTACK),
    Platform(
        "cloudstack",
        "Apache CloudStack",
        (
            Drive("config-2", _CLOUDSTACK_FILE),
            Drive("CONFIG-2", _CLOUDSTACK_FILE),
            Service("http://{dhcp_server}/latest/user-data", patient=False),
        ),
    ),
    Platform("digitalocean", "DigitalOcean", (Service(f"{METADATA}/metadata/v1/user-data", absent=()),)),
    Platform("exoscale", "Exoscale", (Service(f"{METADATA}/1.0/user-data"),)),
    Platform("file", "a file", (LocalFile("IGNITION_CONFIG_FILE", "config.ign"),)),
    Platform(
        "gcp",
        "Google Cloud",
        (
            Service(
                f"{METADATA}/computeMetadata/v1/instance/attributes/user-data",
                {"Metadata-Flavor": "Google"},
            ),
        ),
    ),
    Platform("hetzner", "Hetzner Cloud", (Service(f"{METADATA}/hetzner/v1/userdata"),)),
    Platform("hyperv", "Microsoft Hyper-V", (KeyValues("ignition.config"),)),
    Platform("ibmcloud", "IBM Cloud", (Drive("cidata", _NO_CLOUD_FILE),), patience=SHORT, may_be_silent=True),
    Platform("kubevirt", "KubeVirt", (Drive("cidata", _NO_CLOUD_FILE), Drive("config-2", _OPENSTACK_FILE))),
    Platform("metal", "bare metal", (Nowhere(),)),
    Platform("nutanix", "Nutanix AHV", (Drive("config-2", _OPENSTACK_FILE),)),
    Platform(
        "nvidiabluefield",
        "NVIDIA BlueField",
        (BootFifo("/sys/bus/platform/devices/MLNXBF04:00/bootfifo", "mlxbf_bootctl"),),
    ),
    Platform("openstack", "OpenStack", _OPENSTACK),
    Platform(
        "oraclecloud",
        "Oracle Cloud",
        (
            Service(
                f"{METADATA}/opc/v2/instance/metadata/user_data",
                {"Authorization": "Bearer Oracle"},
                encoding="base64",
                retried=(429,),
            ),
        ),
    ),
    Platform(
        "packet",
        "Equinix Metal",
        (Service("https://metadata.packet.net/userdata", {"Accept": "*/*"}, absent=()),),
    ),
    Platform("powervs", "IBM Power Virtual Server", (Drive("config-2", _OPENSTACK_FILE),)),
    Platform(
        "proxmoxve",
        "Proxmox VE",
        (Drive("cidata", ("/user-data", "/vendor-data"), other=b"#cloud-config\n"),),
        patience=SHORT,
        may_be_silent=True,
    ),
    # `opt/org.flatcar-linux/config` is Flatcar's own name for it.
    Platform(
        "qemu",
        "QEMU",
        (
            HypervisorConfig(
                FirmwareConfig(("opt/org.flatcar-linux/config", "opt/com.coreos/config")),
                Device("/dev/disk/by-id/virtio-ignition", "virtio_blk", "/sys/bus/virtio/drivers/virtio_blk"),
            ),
        ),
        patience=DEVICE,
    ),
    Platform(
        "scaleway",
        "Scaleway",
        (Service("http://169.254.42.42/user_data/cloud-init", low_port=True),),
    ),
    Platform("upcloud", "UpCloud", (Service(f"{METADATA}/metadata/v1/user_data"),)),
    Platform("virtualbox", "Oracle VirtualBox", (GuestProperty("/Ignition/Config", "/Ignition/Config/Encoding"),)),
    Platform("vmware", "VMware", (GuestInfo(("ignition", "coreos")),)),
    Platform("vultr", "Vultr", (Service(f"{METADATA}/user-data/user-data"),)),
    Platform("zvm", "IBM z/VM", (Reader("000c"),)),
)

PLATFORMS: Final = {row.name: row for row in _ROWS}


def platform_named(name: str) -> Platform:
    """The row of a platform. Raises `UnknownPlatform`."""
    try:
        return PLATFORMS[name]
    except KeyError:
        raise UnknownPlatform(UNKNOWN_PLATFORM, name=name, known=", ".join(PLATFORMS)) from None
