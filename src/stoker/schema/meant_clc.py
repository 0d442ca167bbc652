"""What a person meant by a key that Container Linux Config does not know.

In goes the pointer of the key and the config it was found in; out comes a hint, as `meant.py` has them. The flags of
etcd and flannel depend on the version that the config names.
"""

from __future__ import annotations

from stoker.report import Pointer
from stoker.schema.clc import Config
from stoker.schema.clc_services import Etcd2, Etcd33, Service, edition_of
from stoker.schema.decode import all_rows
from stoker.schema.meant import first_spec, meant
from stoker.schema.specs import CLC, ETCD


def meant_clc(pointer: Pointer, config: Config) -> str | None:
    """What to do about the unused key that `pointer` ends in; None when there is no telling."""
    section, *below = pointer
    service = getattr(config, str(section), None)
    if not isinstance(service, Service):
        return meant(pointer, CLC, Config)
    cls, spec = edition_of(service)
    hint = meant(tuple(below), spec, cls)
    if hint is None and cls is Etcd2:
        row = next((row for row, _ in all_rows(Etcd33) if row.name == below[-1]), None)
        hint = None if row is None else f"`{row.name}` came with {first_spec(row.dates, ETCD[0])}"
    return hint
