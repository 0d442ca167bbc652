"""What an operation destroys, as a value: where it is, what it is called, what it holds."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from stoker.system import Partition, Signature
from stoker.system.devices import partition_node


class Loss(msgspec.Struct, frozen=True):
    """Data that are lost: on which device or partition, with the partition's label, and what a probe found there.

    `device` is the node that bears them, where `where` is not that itself.
    """

    where: str
    label: str = ""
    content: Signature | None = None
    device: str = ""

    @classmethod
    def of(cls, partition: Partition, disk: str, content: Signature | None) -> Loss:
        """The loss of a partition with what is on it."""
        node = partition_node(disk, partition.number)
        return cls(f"partition {partition.number} of {disk}", partition.label, content, node)

    @property
    def labels(self) -> frozenset[str]:
        """The names by which a person may allow it: the labels of partition and file system, and the device."""
        return frozenset({self.label, self.content.label if self.content else "", self._node} - {""})

    @property
    def name(self) -> str:
        """The plainest of these names."""
        return self.label or (self.content.label if self.content else "") or self._node

    def is_allowed(self, allowed: Collection[str]) -> bool:
        """Whether one of the names that a person gave allows it."""
        return not self.labels.isdisjoint(allowed)

    @property
    def _node(self) -> str:
        return self.device or (self.where if self.where.startswith("/") else "")

    def __str__(self) -> str:
        """In words: partition 2 of /dev/vda `data` with ext4 `data`."""
        label = f" `{self.label}`" if self.label else ""
        return f"{self.where}{label} with {words(self.content)}" if self.content else f"{self.where}{label}"


def words(signature: Signature | None) -> str:
    """What a device holds, in words; empty when nothing."""
    if signature is None:
        return ""
    return f"{signature.type} `{signature.label}`" if signature.label else signature.type
