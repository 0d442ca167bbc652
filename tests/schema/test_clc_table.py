"""The table of Container Linux Config against the keys that its documents list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stoker.schema.clc import Config
from stoker.schema.clc_services import EDITIONS, Service
from stoker.schema.decode import rows
from stoker.schema.objects import Object
from stoker.schema.specs import CLC

# The keys that `doc/configuration.md` of the project container-linux-config-transpiler has.
DOCUMENTED = Path(__file__).parent / "clc_keys.txt"
# What it has not: keys that the program takes none the less, and two where the document has a text for an object.
UNDOCUMENTED = {
    "ignition.security.tls.certificate_authorities.verification.hash.function",
    "ignition.security.tls.certificate_authorities.verification.hash.sum",
    "passwd.groups.system",
    "passwd.users.create.system",
    "version",
}


def keys(cls: type[Object], above: str = "") -> Iterator[str]:
    for row in rows(cls, CLC):
        yield f"{above}{row.name}"
        if issubclass(row.type, Service):
            yield from (f"{row.name}.{name}" for name in ("version", "network_config") if hasattr(row.type, name))
        elif row.is_object:
            yield from keys(row.type, f"{above}{row.name}.")


def test_the_table_is_what_is_documented() -> None:
    assert sorted(set(keys(Config)) - UNDOCUMENTED) == DOCUMENTED.read_text().splitlines()


def test_every_row_says_what_it_is() -> None:
    for row in (*rows(Config, CLC), *(row for edition in EDITIONS for row in rows(*edition))):
        assert row.doc.endswith("."), row.name
