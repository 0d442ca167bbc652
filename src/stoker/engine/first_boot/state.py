"""What the stages of one boot tell each other: a small JSON file, and the files around it, read and written whole.

Names and meaning are Ignition's (2.27, `internal/state`), so that stages of either may follow each other.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping

import msgspec

from stoker.engine import messages
from stoker.engine.errors import BadState
from stoker.schema import dataurls
from stoker.schema.v3 import File, Resource
from stoker.system.replace import replace_file

LONGEST = 1 << 30  # bytes of a file that a stage left


class FetchedConfig(msgspec.Struct):
    """A config that was found: `kind` is base or user, `source` who gave it, or the path of its URL."""

    kind: str
    source: str
    referenced: bool = False


class State(msgspec.Struct, rename="camel"):
    """What the stages know of each other. A list that is empty may be null."""

    fetched_configs: list[FetchedConfig] | None = None
    luks_persist_key_files: dict[str, str] | None = None
    notated_directories: list[str] | None = None
    provider_output_files: list[File] | None = None
    luks_persist_volume_key_files: dict[str, str] | None = None

    def note(self, config: FetchedConfig) -> None:
        """Note a config that was found."""
        self.fetched_configs = [*(self.fetched_configs or ()), config]

    def note_directories(self, paths: list[str]) -> None:
        """Note directories that were made."""
        if paths:
            self.notated_directories = [*(self.notated_directories or ()), *paths]

    def note_files(self, files: Mapping[str, bytes]) -> None:
        """Note files that the platform wants on the machine."""
        self.provider_output_files = [
            File(path=path, mode=0o600, overwrite=True, contents=Resource(source=_url(content)))
            for path, content in files.items()
        ] or None

    def note_keys(self, keys: Mapping[str, bytes]) -> None:
        """Note keys of encrypted volumes, by name."""
        self.luks_persist_key_files = {name: _url(key) for name, key in keys.items()} or None

    def keys(self) -> dict[str, bytes]:
        """The keys of encrypted volumes, by name. Raises `BadState`."""
        return {name: _bytes(url) for name, url in (self.luks_persist_key_files or {}).items()}

    def files(self) -> dict[str, bytes]:
        """The files that the platform wants on the machine: path to bytes. Raises `BadState`."""
        return {
            file.path: _bytes(file.contents.source or "")
            for file in self.provider_output_files or ()
            if file.contents is not None
        }


def load_state(path: str) -> State:
    """The state that earlier stages left; an empty one where there is none. Raises `BadState`."""
    text = read_whole(path)
    if text is None:
        return State()
    try:
        return msgspec.json.decode(text, type=State)
    except msgspec.MsgspecError as error:
        raise BadState(messages.BAD_STATE, reason=error) from error


def save_state(state: State, path: str) -> None:
    """Leave the state for later stages. Raises `BadState`."""
    write_whole(path, msgspec.json.encode(state) + b"\n", 0o600)


def read_whole(path: str) -> bytes | None:
    """The bytes of a file, None when there is none. Raises `BadState`."""
    try:
        with open(path, "rb") as file:
            text = file.read(LONGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _fault("reading", path, error) from error
    if len(text) > LONGEST:
        raise BadState(messages.NO_FILE, verb="reading", path=path, reason=f"larger than {LONGEST} bytes")
    return text


def write_whole(path: str, data: bytes, mode: int) -> None:
    """Write a file in one step, and its directory (0700) where that is missing. Raises `BadState`."""
    try:
        os.makedirs(os.path.dirname(path) or ".", 0o700, exist_ok=True)
        replace_file(path, data, mode)
    except OSError as error:
        raise _fault("writing", path, error) from error


def _fault(verb: str, path: str, error: OSError) -> BadState:
    return BadState(messages.NO_FILE, verb=verb, path=path, reason=os.strerror(error.errno or 0).lower())


def _url(content: bytes) -> str:
    return f"data:;base64,{b64encode(content).decode()}"


def _bytes(url: str) -> bytes:
    try:
        return dataurls.decode(url)
    except dataurls.DataUrlError as error:
        raise BadState(messages.BAD_STATE, reason=error) from error
