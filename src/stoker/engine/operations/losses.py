"""What an operation destroys, as a value: where it is, what it is called, what it holds."""

from __future__ import annotations

import msgspec

from stoker.system import Partition, Signature


class Loss(msgspec.Struct, frozen=True):
    """Data that are lost: on which device or partition, with the partition's label, and what a probe found there."""

    where: str
    label: str = ""
    content: Signature | None = None

    @classmethod
    def of(cls, partition: Partition, disk: str, content: Signature | None) -> Loss:
        """The loss of a partition with what is on it."""
        return cls(f"partition {partition.number} of {disk}", partition.label, content)

    @property
    def labels(self) -> frozenset[str]:
        """The names by which a person may allow it: the labels of partition and file system."""
        return frozenset({self.label, self.content.label if self.content else ""} - {""})

    def __str__(self) -> str:
        """In words: partition 2 of /dev/vda `data` with ext4 `data`."""
        label = f" `{self.label}`" if self.label else ""
        return f"{self.where}{label} with {words(self.content)}" if self.content else f"{self.where}{label}"


def words(signature: Signature | None) -> str:
    """What a device holds, in words; empty when nothing."""
    if signature is None:
        return ""
    return f"{signature.type} `{signature.label}`" if signature.label else signature.type
