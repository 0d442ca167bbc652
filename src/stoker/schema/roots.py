"""Where the table of each family begins. In goes a spec, out comes the class of its whole document."""

from __future__ import annotations

from stoker.schema.objects import Object
from stoker.schema.specs import Spec


def root_of(spec: Spec) -> type[Object]:
    """The class of a document that is written in `spec`; a table is imported when it is first asked for."""
    if spec.family == "v3":
        from stoker.schema import v3  # noqa: PLC0415

        return v3.Config
    if spec.family == "v2":
        from stoker.schema import v2  # noqa: PLC0415

        return v2.Config
    from stoker.schema import clc  # noqa: PLC0415

    return clc.Config
