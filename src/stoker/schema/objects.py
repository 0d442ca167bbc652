"""What every table is made of: objects of a language as typed classes, and the JSON names of their rows.

A class of a table derives from Object; its annotated attributes are the rows. Nothing here knows a family.
"""

from typing import Any, ClassVar, dataclass_transform

import msgspec


def json_name(name: str) -> str:
    """Ignition's name of a row: `home_dir` is `homeDir`, `size_mib` is `sizeMiB`."""
    head, *rest = name.split("_")
    return head + "".join("MiB" if part == "mib" else part.capitalize() for part in rest)


class _KeywordsOnly(msgspec.StructMeta):
    """Makes every field of every object keyword-only, so that rows may stand in the reference's order."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
        return super().__new__(cls, name, bases, body, kw_only=True, omit_defaults=True, rename=json_name)


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class Object(msgspec.Struct, metaclass=_KeywordsOnly):
    """An object of the language.

    `APPEND`: lists whose items are never compared, only joined (`IgnoreDuplicates` of the reference).
    `SHARED`: lists that share one name space: list name to the name of the space.
    """

    APPEND: ClassVar[frozenset[str]] = frozenset()
    SHARED: ClassVar[dict[str, str]] = {}

    def key(self) -> str:
        """What identifies the object in its list, for merging and for duplicates."""
        raise NotImplementedError(type(self).__name__)
