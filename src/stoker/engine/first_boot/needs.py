"""Whether the stages after `fetch-offline` need the network: in goes a rendered config, out comes yes or no."""

from __future__ import annotations

from collections.abc import Iterator

from stoker.engine.contents import source_of
from stoker.schema.v3 import Config, Luks, Resource, Storage


def needs_network(config: Config) -> bool:
    """Whether contents, keys or the servers that unlock volumes are on the network."""
    storage = config.storage or Storage()
    return any(not source_of(resource).is_embedded for resource in _resources(config, storage)) or any(
        map(_is_unlocked_online, storage.luks)
    )


def _resources(config: Config, storage: Storage) -> Iterator[Resource]:
    tls = config.ignition.security and config.ignition.security.tls
    if tls:
        yield from tls.certificate_authorities
    for file in storage.files:
        yield from (file.contents, *file.append) if file.contents is not None else file.append
    for volume in storage.luks:
        if volume.key_file is not None:
            yield volume.key_file


def _is_unlocked_online(volume: Luks) -> bool:
    clevis = volume.clevis
    if clevis is None:
        return False
    custom = clevis.custom is not None and bool(clevis.custom.needs_network)
    return custom or any(not server.advertisement for server in clevis.tang)
