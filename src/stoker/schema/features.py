"""Dated facts that are no field and no rule: what the lowering of sugar does in which spec.

Each name answers `has(spec)`; the facts stand here so that no version test stands anywhere else.
"""

from __future__ import annotations

from typing import Final

from stoker.schema.marks import sugar

# Contents are written in the shortest of three encodings and always say how they are compressed.
ENCODED_CONTENTS: Final = sugar("3.1")
# The cluster's operator could not read compressed contents.
UNCOMPRESSED_CONTENTS: Final = sugar(openshift="4.8<4.10")
# A swap file system gets a swap unit.
SWAP_UNITS: Final = sugar("3.3")
# A mount on a device that tang unlocks waits for the network.
REMOTE_MOUNTS: Final = sugar("3.2")
# Labels of the OS image's partitions have fixed numbers.
RESERVED_LABELS: Final = sugar(fcos="1.0", openshift="4.8")
# The root partition needs room.
ROOT_SIZE: Final = sugar(fcos="1.3", openshift="4.8")
# FIPS 140-2 does not allow the default cipher mode.
FIPS_CIPHER: Final = sugar(openshift="4.8<4.20")
# The boot loader's users are written as contents, since appending is not supported.
GRUB_CONTENTS: Final = sugar(openshift="4.23")
# What the cluster's operator refuses in a file's mode and in a file system's format.
NO_SPECIAL_MODES: Final = sugar(openshift="4.10")
NO_FORMAT_NONE: Final = sugar(openshift="4.14")
# Butane 0.29 refuses partitions without a number beside one that shall not exist; Ignition does not any more.
NUMBERS_BESIDE_ABSENT: Final = sugar("3.0")
# The result is a MachineConfig.
MACHINE_CONFIG: Final = sugar(openshift="4.8")
