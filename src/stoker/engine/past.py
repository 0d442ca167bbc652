"""What earlier stages of a boot have left for the stage of the files: they are processes of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

NO_FILES: Mapping[str, bytes] = MappingProxyType({})


class Past(msgspec.Struct, frozen=True):
    """What has been done before.

    `made` are the directories that were made to mount file systems at. `files`, path to bytes, are those that the
    platform wants on the machine. `has_user_config` tells whether a person's config was found at all.
    """

    made: tuple[str, ...] = ()
    files: Mapping[str, bytes] = NO_FILES
    has_user_config: bool = True


NOTHING = Past()
