"""Dynamic data: what a machine only knows of itself when it runs, by platform.

In go flags with fields in braces and a platform; out come flags with the variables that the metadata service of that
platform sets. Two platforms tell the service itself where to ask. Source: doc/dynamic-data.md of the project
container-linux-config-transpiler.
"""

from __future__ import annotations

from typing import Final

from stoker.butane.clc.work import Work, dropin
from stoker.report import Pointer
from stoker.schema import clc_messages as m

FIELDS: Final = ("HOSTNAME", "PRIVATE_IPV4", "PUBLIC_IPV4", "PRIVATE_IPV6", "PUBLIC_IPV6")

# platform: the beginning of its variables, and their ends in the order of FIELDS; `-` where it has none.
_VARIABLES: Final = {
    "azure": ("COREOS_AZURE_", "- IPV4_DYNAMIC IPV4_VIRTUAL - -"),
    "digitalocean": ("COREOS_DIGITALOCEAN_", "HOSTNAME IPV4_PRIVATE_0 IPV4_PUBLIC_0 IPV6_PRIVATE_0 IPV6_PUBLIC_0"),
    "ec2": ("COREOS_EC2_", "HOSTNAME IPV4_LOCAL IPV4_PUBLIC - -"),
    "gce": ("COREOS_GCE_", "HOSTNAME IP_LOCAL_0 IP_EXTERNAL_0 - -"),
    "packet": ("COREOS_PACKET_", "HOSTNAME IPV4_PRIVATE_0 IPV4_PUBLIC_0 - IPV6_PUBLIC_0"),
    "openstack-metadata": ("COREOS_OPENSTACK_", "HOSTNAME IPV4_LOCAL IPV4_PUBLIC - -"),
    "vagrant-virtualbox": ("COREOS_VAGRANT_VIRTUALBOX_", "HOSTNAME PRIVATE_IPV4 - - -"),
    "cloudstack-configdrive": ("CLOUDSTACK_", "LOCAL_HOSTNAME - - - -"),
    "custom": ("COREOS_CUSTOM_", "HOSTNAME PRIVATE_IPV4 PUBLIC_IPV4 PRIVATE_IPV6 PUBLIC_IPV6"),
}
PLATFORMS: Final = tuple(_VARIABLES)
# Platforms whose metadata service does not find out by itself where it is.
_TOLD: Final = frozenset({"openstack-metadata", "cloudstack-configdrive"})


class _Unknown(Exception):
    """A field that the platform does not have."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def variables(platform: str) -> dict[str, str]:
    """Field to variable, as far as the platform has it."""
    prefix, ends = _VARIABLES[platform]
    return {field: prefix + end for field, end in zip(FIELDS, ends.split(), strict=True) if end != "-"}


def lower_metadata(work: Work) -> None:
    """Tell the metadata service where to ask, where it has to be told."""
    if work.platform not in _TOLD:
        return
    text = f"[Service]\nEnvironment=COREOS_METADATA_OPT_PROVIDER=--provider={work.platform}"
    name = "20-clct-provider-override.conf"
    work.add_unit(dropin("coreos-metadata.service", name, text), ())
    work.add_unit(dropin("coreos-metadata-sshkeys@.service", name, text, enabled=True), ())


def is_dynamic(flag: str) -> bool:
    """Whether a flag has a brace."""
    return "{" in flag or "}" in flag


def fill(work: Work, flags: dict[str, str], at: Pointer) -> dict[str, str]:
    """Flags, by row, with variables for fields; none when that cannot be done, which is reported."""
    dynamic = {row: flag for row, flag in flags.items() if is_dynamic(flag)}
    if not work.platform:
        work.said.error(m.PLATFORM_NEEDED, (*at, next(iter(dynamic))), platforms=", ".join(PLATFORMS))
        return {}
    known = variables(work.platform)
    filled = dict(flags)
    for row, flag in dynamic.items():
        try:
            filled[row] = _fill(flag, known)
        except _Unknown as unknown:
            fields = ", ".join(known)
            work.said.error(m.FIELD_UNKNOWN, (*at, row), field=unknown.field, platform=work.platform, fields=fields)
            return {}
    return filled


def _fill(flag: str, known: dict[str, str]) -> str:
    """A flag with variables for fields; a brace without its partner, or a wrong one first, ends the work on it."""
    if -1 < flag.find("}") < flag.find("{"):
        return flag
    done, position = [], 0
    while (start := flag.find("{", position)) >= 0 and (end := flag.find("}", start)) >= 0:
        field = flag[start + 1 : end]
        if field not in known:
            raise _Unknown(field)
        done += [flag[position:start], "${", known[field], "}"]
        position = end + 1
    return "".join([*done, flag[position:]])
