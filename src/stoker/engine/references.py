"""Configs that name others: in goes a config, out comes the one that it and all it names amount to, with its origins.

The order is Ignition's: `ignition.config.replace` is taken instead of the config that names it; the configs of
`ignition.config.merge` are fetched one by one, each rendered itself before it is merged over what there is so far. How
to fetch is said by what has been merged until then. Source: Ignition's operator notes, "Config Merging".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from stoker.engine import messages
from stoker.engine.contents import settings_of, source_of
from stoker.engine.errors import BadConfig, NeedsNetwork
from stoker.engine.origins import Origin, Origins, joined, single
from stoker.fetch import Fetch, FetchFault, Settings, redacted
from stoker.ignition.merge import merge
from stoker.ignition.messages import EMPTY, UNKNOWN_VERSION
from stoker.ignition.parse import judge, parse
from stoker.ignition.versions import to_version
from stoker.report import Level, Line, Pointer, Report
from stoker.report.render import as_line
from stoker.schema.specs import NEWEST
from stoker.schema.v3 import Config, ConfigReference, Ignition, IgnitionConfig

DEEPEST: Final = 30  # configs that name each other in a row
MOST: Final = 1000  # configs that one machine's amounts to
LARGEST: Final = 64 << 20  # bytes of one

Say = Callable[[str], None]
FetchBy = Callable[[Settings], Fetch]

_LEVELS: Final = {"error": Level.CRITICAL, "warning": Level.WARNING, "info": Level.INFO}


class Rendered(NamedTuple):
    """A config that names no other any more, in the newest version, and who gave its parts."""

    config: Config
    origins: Origins


class Named(NamedTuple):
    """A config that another one names: where it is, and the path of its URL, as Ignition's state keeps it."""

    url: str
    path: str


def say_report(report: Report, say: Say) -> None:
    """Say every finding, at the level that it has in Ignition's log."""
    for entry in report:
        say(Line(as_line(entry), _LEVELS[entry.severity]))


def read_config(text: bytes, name: str, say: Say) -> Rendered:
    """Read a config and bring it to the newest version; what is found in it is said. Raises `BadConfig`."""
    parsed = parse(text, file=name)
    say_report(parsed.report, say)
    if parsed.old is not None:
        raise BadConfig(messages.BAD_CONFIG, name=name, reason=UNKNOWN_VERSION.text)
    config, report = (None, Report()) if parsed.config is None else to_version(parsed, NEWEST)
    say_report(report, say)
    if config is None:
        raise BadConfig(messages.BAD_CONFIG, name=name, reason=parsed.error or EMPTY.text)
    return Rendered(config, single(text, name))


def merged(parent: Rendered, child: Rendered) -> Rendered:
    """Two configs as one."""
    config, transcript = merge(parent.config, child.config)
    return Rendered(config, joined(parent.origins, child.origins, transcript))


class Renderer:
    """Renders configs. `found` grows by every config that is fetched; `offline` refuses what has to be.

    `blamed` is the part that named what could not be had.
    """

    def __init__(self, fetch_by: FetchBy, say: Say, *, offline: bool = False) -> None:
        self._fetch_by = fetch_by
        self._fetch = fetch_by(Settings())
        self._say = say
        self._offline = offline
        self.found: list[Named] = []
        self.blamed: Origin | None = None

    def render(self, read: Rendered) -> Rendered:
        """What a config and all that it names amount to.

        Raises `NeedsNetwork`, `BadConfig` and `FetchFault`.
        """
        self._fetch = self._fetch_by(settings_of(read.config))
        done = self._render(read, 0)
        return done._replace(config=without_names(done.config))

    def _render(self, read: Rendered, depth: int) -> Rendered:
        if depth > DEEPEST:
            raise BadConfig(messages.TOO_DEEP, limit=DEEPEST)
        named = read.config.ignition.config or IgnitionConfig()
        if named.replace is not None and named.replace.source is not None:
            new = self._read(named.replace, ("ignition", "config", "replace"), read)
            self._fetch = self._fetch_by(settings_of(new.config))
            return self._render(new, depth + 1)
        for index, reference in enumerate(named.merge):
            new = self._read(reference, ("ignition", "config", "merge", index), read)
            draft, _ = merge(_only_ignition(read.config), _only_ignition(new.config))
            self._fetch = self._fetch_by(settings_of(draft))
            read = merged(read, self._render(new, depth + 1))
        return read

    def _read(self, reference: ConfigReference, pointer: Pointer, by: Rendered) -> Rendered:
        """Fetch a config that another one names, and read it."""
        source = source_of(reference)
        name = "data:…" if source.is_embedded else redacted(source.url)
        if self._offline and not source.is_embedded:
            raise NeedsNetwork(messages.NEEDS_NETWORK, name=name)
        if len(self.found) >= MOST:
            raise BadConfig(messages.TOO_MANY, limit=MOST)
        try:
            text = self._fetch.read(source, LARGEST)
            where = "from data url" if source.is_embedded else f"at {name}"
            digest = single(text, name).digest
            self._say(Line(f"fetched referenced config {where} with SHA512: {digest}", Level.DEBUG))
            done = read_config(text, name, self._say)
        except (FetchFault, BadConfig):
            self.blamed = by.origins.find(pointer)
            self._say(Line(f"this config is named by {self.blamed}", Level.ERROR))
            raise
        self.found.append(Named(source.url, _path(source.url)))
        return done


def judged(config: Config) -> Report:
    """What there is to say of a config that was merged. Its parts have been judged, but not together."""
    return judge(config, NEWEST)


def without_names(config: Config) -> Config:
    """A config that names no other, since those have been merged, or shall not be."""
    ignition: Ignition = msgspec.structs.replace(config.ignition, config=None)
    return msgspec.structs.replace(config, ignition=ignition)


def _path(url: str) -> str:
    """The path of a URL; what a data URL holds is none."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() == "data" or not rest:
        return ""
    rest = rest.partition("?")[0].partition("#")[0]
    return "/" + rest[2:].partition("/")[2] if rest.startswith("//") and "/" in rest[2:] else ""


def _only_ignition(config: Config) -> Config:
    return Config(ignition=config.ignition)
