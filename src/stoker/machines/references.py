"""Secrets in configs: a config with references goes in, the same config with secrets in their places comes out.

It is done last, for one machine at one time, after everything that is cached, digested or kept. References are found
wherever a value is text: in contents (their `data:` URLs are decoded, and unpacked), in units, in the configs that a
config embeds. A value that people and logs are shown, a path or a name, takes none.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from stoker.ignition.encode import encode
from stoker.machines.messages import (
    SECRET_HASHED,
    SECRET_MISPLACED,
    SECRET_TOO_DEEP,
    SECRET_UNREADABLE,
    SECRET_UNRESOLVED,
)
from stoker.report import ROOT, Message, Pointer, Report, Severity
from stoker.schema import dataurls
from stoker.trust import REFERENCE, Reference, Secret, SecretError

Resolve = Callable[[Reference], Secret]

MAX_UNPACKED: Final = 64 << 20  # bytes of the contents of one file
MAX_DEPTH: Final = 16  # configs in each other
SHOWN: Final = frozenset({"path", "name", "device", "label", "hash", "version"})
# Without any of these there is no reference: the word itself, a letter of it escaped in JSON or in a URL, or contents
# that have to be unpacked to be read. Most configs are told by it, at a tenth of the cost of reading them.
MAY_HAVE: Final = re.compile(rb"secret|base64|gzip|\\u00[4-7]|%[46][1-9a-f]|%[57][0-9a]", re.IGNORECASE)
_FILLED_IN: Final = re.compile(r"(secret://[a-z]+/[A-Za-z0-9_.:@/-]*)\{\{")
EMBEDDED: Final = ("ignition", "config")  # below it `source` is a config


class Found(NamedTuple):
    """A reference and the part of the config that has it."""

    pointer: Pointer
    reference: Reference


def find_references(config: bytes) -> tuple[Found, ...]:
    """The references in an Ignition config, in its order; none in what is no JSON."""
    if not MAY_HAVE.search(config):
        return ()
    walk = _Walk(lambda _reference: Secret(""))
    walk.config(config, ROOT, 0)
    return tuple(walk.found)


def put_in(config: bytes, resolve: Resolve) -> tuple[bytes | None, Report]:
    """The config with each reference resolved; the bytes themselves where there is none, None where one is refused.

    `resolve` raises SecretError; it is asked once for each reference. No finding has anything of a secret in it.
    Looking costs as much as decoding: what `find_references` found none in when it was rendered need not be asked for.
    """
    walk = _Walk(resolve)
    text = walk.config(config, ROOT, 0)
    return (None if walk.report.has_errors else text), walk.report


def put_in_text(text: bytes, resolve: Resolve) -> tuple[bytes | None, Report]:
    """The same for a text that is no config: a script, a cloud-config."""
    walk = _Walk(resolve)
    result = walk.replaced(_string(text), ROOT)
    return (None if walk.report.has_errors else _bytes(result)), walk.report


def only_written(resolve: Resolve, template: bytes, metadata: Mapping[str, Any]) -> Resolve:
    """A `resolve` for what a template made: references that its text or its group's metadata write, and no others.

    Templates render what machines ask with, so that a machine could name a secret that was never meant for it. Where
    the template writes a name as far as `secret://KIND/` and has the rest filled in, what is filled in may end it.
    """
    texts = (_string(template), msgspec.json.encode(metadata).decode())
    whole: set[str] = set()
    starts: list[str] = []
    for text in texts:
        whole.update(match[0] for match in REFERENCE.finditer(text))
        starts += [match[1] for match in _FILLED_IN.finditer(text)]

    def checked(reference: Reference) -> Secret:
        name = str(reference)
        if reference.kind != "request" and name not in whole and not name.startswith(tuple(starts)):
            raise SecretError("neither the template nor the metadata of the group writes it")
        return resolve(reference)

    return checked


class _Walk:
    """One way through a config: what is found, and what is put in its place."""

    def __init__(self, resolve: Resolve) -> None:
        self.resolve = resolve
        self.report = Report()
        self.found: list[Found] = []
        self.secrets: dict[Reference, str] = {}

    def config(self, text: bytes, pointer: Pointer, depth: int) -> bytes:
        """A config, embedded in others `depth` times; the same bytes where it has no reference."""
        before = len(self.found)
        try:
            result = self._value(msgspec.json.decode(text), pointer, depth, is_config=False)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return text
        except RecursionError:
            self._complain(SECRET_TOO_DEEP, pointer)
            return text
        return text if len(self.found) == before else encode(result)

    def replaced(self, text: str, pointer: Pointer, change: Callable[[str], str] = str) -> str:
        """A text with secrets in place of references, each as `change` makes it."""
        if "secret://" not in text:
            return text
        return REFERENCE.sub(lambda match: change(self._secret(Reference(match[1], match[2]), pointer)), text)

    def _value(self, value: Any, pointer: Pointer, depth: int, *, is_config: bool) -> Any:
        if isinstance(value, str):
            return self._text(value, pointer)
        if isinstance(value, list):
            return [
                self._value(item, (*pointer, index), depth, is_config=is_config) for index, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        is_config = is_config or pointer[-2:] == EMBEDDED
        result = {
            key: item if key == "source" else self._value(item, (*pointer, key), depth, is_config=is_config)
            for key, item in value.items()
        }
        if isinstance(value.get("source"), str):
            self._resource(result, pointer, depth, is_config=is_config)
        return result

    def _text(self, text: str, pointer: Pointer) -> str:
        steps = [step for step in pointer if isinstance(step, str)]
        if steps and steps[-1] in SHOWN and (found := REFERENCE.search(text)):
            self._complain(SECRET_MISPLACED, pointer, reference=found[0])
            return text
        result = self.replaced(text, pointer)
        return self._utf8(result, pointer)

    def _utf8(self, text: str, pointer: Pointer) -> str:
        """A text that JSON can hold; of other bytes than UTF-8 only contents are made."""
        try:
            text.encode()
        except UnicodeEncodeError:
            names = ", ".join(str(found.reference) for found in self.found if found.pointer == pointer)
            self._complain(SECRET_UNRESOLVED, pointer, reference=names, reason="it is no text, and stands in one")
            return ""
        return text

    def _resource(self, resource: dict[str, Any], pointer: Pointer, depth: int, *, is_config: bool) -> None:
        """Contents, in place: those that a `data:` URL holds, or the URL where they are to be had."""
        here = (*pointer, "source")
        source = resource["source"]
        if not source.startswith("data:"):
            resource["source"] = self._utf8(self.replaced(source, here, _in_url), here)
            return
        content = self._content(source, resource.get("compression") == "gzip", here)
        before = len(self.found)
        if is_config and depth < MAX_DEPTH:
            result = self.config(content, (), depth + 1)
            self.found[before:] = [Found(here, found.reference) for found in self.found[before:]]
        else:
            result = _bytes(self.replaced(_string(content), here))
        if len(self.found) == before:
            return
        verification = resource.get("verification")
        if isinstance(verification, dict) and verification.get("hash"):
            self._complain(SECRET_HASHED, here, reference=self.found[before].reference)
        resource["source"], _ = dataurls.encode(result, may_compress=False)
        resource.pop("compression", None)

    def _content(self, url: str, is_packed: bool, pointer: Pointer) -> bytes:
        try:
            content = dataurls.decode(url)
            if not is_packed:
                return content
            unpack = zlib.decompressobj(wbits=31)
            result = unpack.decompress(content, MAX_UNPACKED)
        except (dataurls.DataUrlError, zlib.error):
            return b""  # no machine could read it either, and it says so
        if unpack.unconsumed_tail:
            self._complain(SECRET_UNREADABLE, pointer, limit=MAX_UNPACKED)
        return result

    def _secret(self, reference: Reference, pointer: Pointer) -> str:
        self.found.append(Found(pointer, reference))
        if reference not in self.secrets:
            try:
                self.secrets[reference] = self.resolve(reference).reveal()
            except SecretError as error:
                self.secrets[reference] = ""
                self._complain(SECRET_UNRESOLVED, pointer, reference=reference, reason=str(error))
        return self.secrets[reference]

    def _complain(self, message: Message, pointer: Pointer, **values: object) -> None:
        self.report.add(Severity.ERROR, message, pointer, None, **values)


def _in_url(text: str) -> str:
    return quote(_bytes(text), safe="")


def _string(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
