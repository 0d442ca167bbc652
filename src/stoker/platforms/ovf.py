"""The OVF environment (DSP0243, namespace http://schemas.dmtf.org/ovf/environment/1): XML in, properties out.

Elements and attributes are known by their local names, whatever their prefix. A document type is refused: it is of no
use here, and entities can make a small document large.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from stoker.platforms.errors import Damaged
from stoker.platforms.messages import BAD_XML, TOO_LARGE

if TYPE_CHECKING:
    from xml.parsers import expat

LARGEST: Final = 1 << 20

_TAG: Final = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_SEPARATOR: Final = "\n"  # between namespace and name; occurs in neither


def properties(document: bytes, where: str) -> dict[str, str]:
    """The properties of an environment: key to value. Raises `Damaged`."""
    found: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Property":
            values = {_local(key): value for key, value in attributes.items()}
            if "key" in values:
                found[values["key"]] = values.get("value", "")

    parser = _parser(where)
    parser.StartElementHandler = start
    _parse(parser, document, where)
    return found


def custom_data(document: bytes, where: str) -> bytes:
    """The text of the element CustomData, as Azure writes it (base64), empty when there is none. Raises `Damaged`."""
    pieces: list[str] = []
    inside = False

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = _local(name) == "CustomData"

    def end(_name: str) -> None:
        nonlocal inside
        inside = False

    parser = _parser(where)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: pieces.append(text) if inside else None
    _parse(parser, document, where)
    return "".join("".join(pieces).split()).encode()


def without(document: bytes, keys: Collection[str], where: str) -> bytes:
    """An environment without the properties of these keys; the rest of it as it was, to the byte. Raises `Damaged`."""
    cuts: list[tuple[int, int]] = []
    starts: list[int] = []  # of the elements that are open; the one of a property to be cut, else -1

    def start(name: str, attributes: dict[str, str]) -> None:
        values = {_local(key): value for key, value in attributes.items()}
        cut = _local(name) == "Property" and values.get("key") in keys
        starts.append(parser.CurrentByteIndex if cut else -1)

    def end(_name: str) -> None:
        begin = starts.pop()
        if begin >= 0 and (tag := _TAG.match(document, begin)):
            if not tag[0].endswith(b"/>"):
                tag = _TAG.match(document, parser.CurrentByteIndex)
            cuts.append((begin, tag.end() if tag else begin))

    parser = _parser(where)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    _parse(parser, document, where)
    for begin, stop in reversed(cuts):
        document = document[:begin] + document[stop:]
    if set(properties(document, where)) & set(keys):  # bytes do not count as they do in UTF-8
        raise Damaged(BAD_XML, where=where, reason="properties cannot be cut out of its encoding")
    return document


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _parser(where: str) -> expat.XMLParserType:
    from xml.parsers import expat  # noqa: PLC0415 -- slow to load, and few machines have such a document

    def refuse(*_: object) -> None:
        raise Damaged(BAD_XML, where=where, reason="it has a document type")

    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _parse(parser: expat.XMLParserType, document: bytes, where: str) -> None:
    from xml.parsers import expat  # noqa: PLC0415 -- slow to load, and few machines have such a document

    if len(document) > LARGEST:
        raise Damaged(TOO_LARGE, where=where, limit=LARGEST)
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise Damaged(BAD_XML, where=where, reason=str(error)) from error
