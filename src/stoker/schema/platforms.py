"""Where a machine may run, as Container Linux Config has it: platforms, and the variables of each for dynamic data.

Nothing comes in; tables go out. The names are those of ct, and beside them Ignition's where those differ. Source:
doc/dynamic-data.md of the project container-linux-config-transpiler.
"""

from __future__ import annotations

from typing import Final

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
# What Ignition calls a platform that ct calls otherwise.
OTHER_NAMES: Final = {
    "aws": "ec2",
    "gcp": "gce",
    "openstack": "openstack-metadata",
    "cloudstack": "cloudstack-configdrive",
    "virtualbox": "vagrant-virtualbox",
}
NAMES: Final = tuple(sorted({*PLATFORMS, *OTHER_NAMES}))
# Platforms whose metadata service does not find out by itself where it is.
TOLD: Final = frozenset({"openstack-metadata", "cloudstack-configdrive"})


def variables(platform: str) -> dict[str, str]:
    """Field to variable, as far as one of PLATFORMS has it."""
    prefix, ends = _VARIABLES[platform]
    return {field: prefix + end for field, end in zip(FIELDS, ends.split(), strict=True) if end != "-"}
