"""The encrypted volumes of a config: in go devices as they will be, out come steps that make or open them.

Rules, Ignition's: a LUKS 2 volume is only used again when the config has its key, no clevis, and the same label, UUID
and discard; anything else on the device stops it, unless it may be wiped.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stoker.engine import disk_messages as messages
from stoker.engine.contents import source_of
from stoker.engine.operations import Step, quoted
from stoker.engine.operations.volumes import Binding, MakeVolume, OpenVolume, RememberVolume
from stoker.engine.outlook import Located, Outlook
from stoker.report import Message, Pointer, Report, Severity
from stoker.schema import v3
from stoker.system.devices import Volume, VolumeFields

TRAIL = "disks: createLuks"
REMEMBER = "files: createCrypttabEntries"


def plan_volumes(storage: v3.Storage, outlook: Outlook, report: Report) -> Iterator[Step]:
    """Plan the volumes that are to be made or opened."""
    for index, said in enumerate(storage.luks):
        pointer: Pointer = ("storage", "luks", index)
        if said.cex is not None and said.cex.enabled:
            report.add(Severity.ERROR, messages.NO_CEX, (*pointer, "cex"), name=said.name)
            continue
        located = outlook.locate(said.device or "")
        if located is None:
            place = (*pointer, "device")
            report.add(Severity.ERROR, messages.NO_DEVICE, place, what="luks", device=quoted(said.device or ""))
            continue
        mapped = f"/dev/mapper/{said.name}"
        steps = list(_plan_one(said, pointer, located, outlook, report))
        if outlook.devices.find(mapped) is None:
            outlook.expect(mapped, f"/dev/disk/by-id/dm-name-{said.name}")
            if any(isinstance(step.operation, OpenVolume) for step in steps):
                outlook.expect_sealed(mapped)
        yield from steps


def plan_crypttab(storage: v3.Storage, outlook: Outlook, keys: str) -> Iterator[Step]:
    """Plan what lets the machine open the volumes when it boots. `keys` is the directory of their keys."""
    for index, said in enumerate(storage.luks):
        located = outlook.locate(said.device or "")
        if located is not None:
            binding = binding_of(said)
            remember = RememberVolume(
                node=located.node,
                name=said.name,
                is_bound=binding is not None,
                needs_network=binding is not None and binding.needs_network,
                keys=keys,
            )
            yield Step(("storage", "luks", index), REMEMBER, remember)


def binding_of(said: v3.Luks) -> Binding | None:
    """What unlocks a volume by itself, None when only its key does."""
    clevis = said.clevis
    if clevis is None:
        return None
    custom = clevis.custom
    if custom is not None and custom.pin:
        return Binding(custom.pin, custom.config or "", needs_network=bool(custom.needs_network))
    if not (clevis.tang or clevis.tpm2 or clevis.threshold):
        return None
    threshold = 1 if clevis.threshold is None else clevis.threshold
    tang = [_tang_pin(server) for server in clevis.tang]
    pins: dict[str, object] = {"tang": tang or None}
    if clevis.tpm2:
        pins = {**({"tang": tang} if tang else {}), "tpm2": {}}
    urls = tuple(f"{server.url.rstrip('/')}/adv" for server in clevis.tang if not server.advertisement)
    return Binding(
        "sss",
        msgspec.json.encode({"pins": pins, "t": threshold}).decode(),
        urls,
        unlocks_now=len(urls) + bool(clevis.tpm2) >= threshold,
        needs_network=bool(clevis.tang),
    )


def _tang_pin(server: v3.Tang) -> dict[str, object]:
    """A server in the form of clevis-encrypt-tang(1)."""
    pin: dict[str, object] = {"url": server.url}
    if server.thumbprint:
        pin["thp"] = server.thumbprint
    if server.advertisement:
        pin["adv"] = msgspec.Raw(server.advertisement.encode())
    return pin


def _plan_one(said: v3.Luks, pointer: Pointer, located: Located, outlook: Outlook, report: Report) -> Iterator[Step]:
    fields = VolumeFields(
        said.name, said.label, said.uuid, tuple(said.options), bool(said.discard), tuple(said.open_options)
    )
    key = source_of(said.key_file) if said.key_file is not None and said.key_file.source else None
    found = outlook.probe(located)
    wipe = bool(said.wipe_volume)
    device = quoted(said.device or "")
    if found is not None and not wipe:
        volume = outlook.devices.volume(located.node) if found.type == "crypto_LUKS" else None
        refusal = _not_reused(said, volume) if volume is not None else ""
        if volume is None:
            report.add(Severity.ERROR, messages.NOT_A_VOLUME, pointer, device=device, found=found.type)
        elif refusal or key is None:
            report.add(Severity.ERROR, messages.BAD_VOLUME, pointer, device=device, reason=refusal)
        else:
            yield Step(pointer, TRAIL, OpenVolume(node=located.node, fields=fields, key=key))
        return
    use = outlook.devices.use(located.node) if located.holder else ""
    if use:
        message: Message = messages.VOLUME_IN_USE
        report.add(Severity.ERROR, message, pointer, node=located.node, use=use)
        return
    losses = outlook.losses(located, said.device or "", found, wipes=wipe)
    make = MakeVolume(node=located.node, fields=fields, key=key, binding=binding_of(said), wipe=wipe, losses=losses)
    yield Step(pointer, TRAIL, make)


def _not_reused(said: v3.Luks, volume: Volume) -> str:
    """Why a volume that is there cannot be used again, in Ignition's words; empty when it can."""
    wanted, flag = bool(said.discard), "allow-discards" in volume.flags
    if volume.version != 2:
        return f"{said.device} is a luks device but not luks2; it cannot be reused"
    if binding_of(said) is not None:
        return "config must not specify clevis binding"
    if said.key_file is None or not said.key_file.source:
        return "config must specify keyfile"
    if said.label is not None and said.label != volume.label:
        return f"volume label {quoted(volume.label)} doesn't match expected label {quoted(said.label)}"
    if said.uuid is not None and said.uuid != volume.uuid:
        return f"volume UUID {quoted(volume.uuid)} doesn't match expected UUID {quoted(said.uuid)}"
    if flag != wanted:
        return f"volume allow-discards flag {flag} doesn't match expected value {wanted}".lower()
    return ""
