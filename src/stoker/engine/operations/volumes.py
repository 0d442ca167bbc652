"""Operations on encrypted volumes: made or opened by a key, bound to what unlocks them, remembered for later boots.

A key is only ever in memory and in the file that the machine boots by: never in arguments, records or the plan.
"""

from __future__ import annotations

import os

import msgspec

from stoker.engine import disk_messages as messages
from stoker.engine.errors import Refused
from stoker.engine.operations.disks import devices_of
from stoker.engine.operations.losses import Loss
from stoker.engine.operations.operation import Touch, quoted
from stoker.fetch import Fetch, Source
from stoker.system import BlockDevices, System
from stoker.system.devices import VolumeFields

KEY_SIZE = 4096  # bytes of a key that is made up; hexadecimal, since clevis stumbles over some other ones
ADVERTISEMENT_LIMIT = 1 << 20  # bytes; a tang server sends about 1 KiB
CRYPTTAB = "/etc/crypttab"
SECRET_MODE = 0o600


class Binding(msgspec.Struct, frozen=True):
    """What unlocks a volume: a pin of clevis(1) and its configuration.

    `urls` are the advertisements to fetch before; `unlocks_now` tells whether the pin can already answer.
    """

    pin: str
    config: str
    urls: tuple[str, ...] = ()
    unlocks_now: bool = False
    needs_network: bool = False


class MakeVolume(msgspec.Struct, frozen=True, kw_only=True):
    """Make an encrypted volume and open it. Without `key`, one is made up; a bound volume forgets that one again."""

    node: str
    fields: VolumeFields
    key: Source | None
    binding: Binding | None = None
    wipe: bool = False
    losses: tuple[Loss, ...] = ()

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"creating {quoted(self.fields.name)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("device", self.node), Touch("device", f"/dev/mapper/{self.fields.name}"))

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`: what a volume was made of cannot be told from its header."""
        return False

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        devices = devices_of(system)
        key = fetch.read(self.key) if self.key is not None else os.urandom(KEY_SIZE).hex().encode()
        found = devices.probe(self.node)
        if self.wipe:
            devices.wipe(self.node)
        elif found is not None:
            raise Refused(messages.NOT_A_VOLUME, device=quoted(self.node), found=found.type)
        devices.format_volume(self.node, self.fields, key)
        devices.open_volume(self.node, self.fields, key)
        if self.binding is not None:
            self._bind(self.binding, key, devices, fetch)
        if self.binding is None or self.key is not None:
            devices.volume_keys[self.fields.name] = key

    def _bind(self, binding: Binding, key: bytes, devices: BlockDevices, fetch: Fetch) -> None:
        for url in binding.urls:
            fetch.read(
                Source(url), ADVERTISEMENT_LIMIT
            )  # with the patience for a network that is not up yet, which clevis has not
        devices.bind_volume(self.node, binding.pin, binding.config, key)
        if binding.unlocks_now:
            devices.close_volume(self.fields.name)
            devices.unlock_volume(self.node, self.fields.name)
        if self.key is None:
            devices.remove_key(self.node, key)


class OpenVolume(msgspec.Struct, frozen=True, kw_only=True):
    """Open an encrypted volume that is there, by the key of the config."""

    node: str
    fields: VolumeFields
    key: Source

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"opening luks device {self.fields.name}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("device", f"/dev/mapper/{self.fields.name}"),)

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        return devices_of(system).find(f"/dev/mapper/{self.fields.name}") is not None

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        devices = devices_of(system)
        key = fetch.read(self.key)
        if not self.is_done(system, fetch):
            devices.open_volume(self.node, self.fields, key)
        devices.volume_keys[self.fields.name] = key


class RememberVolume(msgspec.Struct, frozen=True, kw_only=True):
    """Let the machine open a volume whenever it boots: a line of crypttab(5), and its key unless it is bound."""

    node: str
    name: str
    is_bound: bool
    needs_network: bool
    keys: str

    def describe(self, root: str = "") -> str:
        """See `Operation.describe`."""
        return f"writing file {quoted(root + CRYPTTAB)}"

    def touch(self, system: System) -> tuple[Touch, ...]:
        """See `Operation.touch`."""
        return (Touch("path", CRYPTTAB), *(() if self.is_bound else (Touch("path", self._key_path),)))

    def is_done(self, system: System, fetch: Fetch) -> bool:
        """See `Operation.is_done`."""
        lines = system.read(CRYPTTAB).decode(errors="replace").split("\n") if system.look(CRYPTTAB) else []
        return self._line(system) in lines and (self.is_bound or system.look(self._key_path) is not None)

    def perform(self, system: System, fetch: Fetch) -> None:
        """See `Operation.perform`."""
        if not self.is_bound:
            key = devices_of(system).volume_keys.get(self.name)
            if key is None:
                raise Refused(messages.NO_KEY, name=self.name)
            if system.look(self.keys) is None:
                system.make_directory(self.keys, 0o700)
            system.write_file(self._key_path, key, mode=SECRET_MODE, replace=True)
        lines = system.read(CRYPTTAB).decode(errors="replace").split("\n") if system.look(CRYPTTAB) else []
        if self._line(system) not in lines:
            system.append_file(CRYPTTAB, f"{self._line(system)}\n".encode(), mode=SECRET_MODE)

    @property
    def _key_path(self) -> str:
        return f"{self.keys}/{self.name}"

    def _line(self, system: System) -> str:
        found = devices_of(system).volume(self.node)
        if found is None:
            raise Refused(messages.NOT_A_VOLUME, device=quoted(self.node), found="nothing")
        key = "none" if self.is_bound else self._key_path
        network = ",_netdev" if self.needs_network else ""
        return f"{self.name} UUID={found.uuid} {key} luks{network},x-initrd.attach"
