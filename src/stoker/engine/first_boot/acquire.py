"""Where the config of a stage comes from: the image, then the platform or what an earlier stage has left of it.

In goes a Boot; out come configs with their origins. What is found is noted in the State.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final

import msgspec

from stoker.engine import messages
from stoker.engine.contents import settings_of, source_of
from stoker.engine.errors import BadConfig, BadState, NeedsNetwork
from stoker.engine.first_boot.boot import Boot
from stoker.engine.first_boot.state import FetchedConfig, State, read_whole, write_whole
from stoker.engine.origins import Origins, decode_origins, encode_origins, single
from stoker.engine.references import Rendered, Renderer, judged, merged, read_config, say_report, without_names
from stoker.fetch import Settings
from stoker.ignition.encode import encode
from stoker.platforms import base_configs, find_config, reader
from stoker.report import Level
from stoker.schema.specs import NEWEST
from stoker.schema.v3 import Config, Ignition

CACHE_MODE: Final = 0o640
BUNDLE_LIMIT: Final = 16 << 20  # bytes of a bundle of certificates


def empty() -> Rendered:
    """The config of a machine that was given none."""
    return Rendered(Config(ignition=Ignition(version=NEWEST.version)), single(b"", "nobody"))


def base_config(boot: Boot, state: State) -> Rendered | None:
    """What the image itself wants, what it wants on this platform only among it; None when that is nothing.

    Raises `BadConfig` and `SystemFault` for what is wrong in `base.d`; the platform's directory is left out then.
    """
    whole: Rendered | None = None
    for_all: Rendered | None = None
    for base in base_configs(boot.platform, boot.machine, boot.log):
        boot.log(f'reading system config file "{base.path}"')
        try:
            read = read_config(base.content, base.path, boot.log)
        except BadConfig as fault:
            if not base.tolerated:
                raise
            boot.log(f"no config for this platform: {fault}")
            whole = for_all
            break
        if read.config.ignition.config is not None:
            boot.log.at(Level.WARNING, messages.NOT_FOLLOWED.text.format(path=base.path))
            read = read._replace(config=without_names(read.config))
        whole = read if whole is None else merged(whole, read)
        if not base.tolerated:
            for_all = whole
    state.note(FetchedConfig("base", "system"))
    return whole


def fetched_config(boot: Boot, state: State, *, offline: bool) -> Rendered:
    """Find the user's config, render it, and leave it for the stages after this one.

    Raises `EngineFault` (`NeedsNetwork` if `offline` and it is not to be had without), `PlatformFault`, `FetchFault`
    and `SystemFault`.
    """
    read = reader(boot.fetch_by(Settings(total=boot.fetch_timeout)), offline=offline)
    found = find_config(boot.platform, boot.machine, read, boot.log)
    state.note_files(found.files)
    if found.config is None:
        boot.log("not a config (empty): provider config was empty, continuing with empty cache config")
        done = empty()
    else:
        done = _render(boot, state, read_config(found.config, found.where, boot.log), found.provider, offline=offline)
    _embed_authorities(boot, done.config, offline=offline)
    report = judged(done.config)
    say_report(report, boot.log)
    if report.has_errors:
        raise BadConfig(messages.INVALID_TOGETHER)
    write_whole(boot.places.config_cache, encode(done.config), CACHE_MODE)
    write_whole(boot.places.origins, encode_origins(done.origins), CACHE_MODE)
    return done


def cached_config(boot: Boot) -> Rendered:
    """The user's config as an earlier stage has left it. Raises `BadState`."""
    path = boot.places.config_cache
    text = read_whole(path)
    if text is None:
        raise BadState(messages.NO_CACHE, path=path)
    try:
        config = msgspec.json.decode(text, type=Config)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadState(messages.BAD_CACHE, reason=error) from error
    kept = read_whole(boot.places.origins)
    origins: Origins = (None if kept is None else decode_origins(kept)) or single(text, path)
    return Rendered(config, origins)


def _render(boot: Boot, state: State, read: Rendered, provider: str, *, offline: bool) -> Rendered:
    state.note(FetchedConfig("user", provider))
    renderer = Renderer(boot.fetch_by, boot.log, offline=offline)
    done = renderer.render(read)
    for named in renderer.found:
        state.note(FetchedConfig("user", named.path, referenced=True))
    return done


def _embed_authorities(boot: Boot, config: Config, *, offline: bool) -> None:
    """Put certificates into the config itself: later stages may not fetch them by their own trust."""
    tls = config.ignition.security and config.ignition.security.tls
    if not tls:
        return
    plain = boot.fetch_by(msgspec.structs.replace(settings_of(config), authorities=()))
    for bundle in tls.certificate_authorities:
        source = source_of(bundle)
        if offline and not source.is_embedded:
            raise NeedsNetwork(messages.NEEDS_NETWORK, name="a certificate authority")
        text = plain.read(source, BUNDLE_LIMIT)
        bundle.source = f"data:;base64,{b64encode(text).decode()}"
        bundle.compression = None
        bundle.http_headers = []
