"""The engine's catalogue: every reason to refuse or to warn, with its code and what to do about it."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

UNIT_ELSEWHERE: Final = Message(
    "unit-elsewhere", "`{name}` is no name of a unit or drop-in: it leads to another directory", "leave out the slashes"
)

# What is already in the tree. The words after the path are Ignition's (2.27).
FILE_EXISTS: Final = Message(
    "file-exists",
    "error creating file `{path}`: a file exists there already and overwrite is false",
    "set `overwrite: true` to replace it, or leave out `contents` to keep it",
)
NOT_A_FILE: Final = Message(
    "not-a-file",
    "error creating file `{path}`: a non regular file exists there already and overwrite is false",
    "set `overwrite: true` to replace it",
)
NOT_A_DIRECTORY: Final = Message(
    "not-a-directory",
    "error creating directory `{path}`: a non-directory already exists and overwrite is false",
    "set `overwrite: true` to replace it",
)
LINK_EXISTS: Final = Message(
    "link-exists",
    "error creating symlink `{path}`: a symlink exists at that path but points to `{found}`, not `{target}`,"
    " and overwrite is false",
    "set `overwrite: true` to replace it",
)
NOT_A_LINK: Final = Message(
    "not-a-link",
    "error creating symlink `{path}`: a non-symlink already exists at that path and overwrite is false",
    "set `overwrite: true` to replace it",
)
NO_LINK_TARGET: Final = Message(
    "no-link-target",
    "error creating hard link `{path}`: target `{target}` does not exist",
    "write the target in the same config, or make a symbolic link",
)
NOT_THE_TARGET: Final = Message(
    "not-the-target",
    "error creating hard link `{path}`: a file already exists at that path but is not the target"
    " and overwrite is false",
    "set `overwrite: true` to replace it",
)
SAME_PLACE: Final = Message(
    "same-place",
    "{kind} at `{path}` resolved to `{resolved}` after symlink chasing, but another entry with path `{other}` also"
    " resolves there",
    "keep one of the two, and name it by the path without links",
)

# Owners and keys.
NO_SUCH_USER: Final = Message("no-such-user", "no such user `{name}`", "add it under `passwd.users`, or give its id")
NO_SUCH_GROUP: Final = Message(
    "no-such-group", "no such group `{name}`", "add it under `passwd.groups`, or give its id"
)
BAD_ID: Final = Message("bad-id", "{number} cannot be the id of a user or group", "ids go from 0 to 4294967294")
NO_HOME: Final = Message(
    "no-home",
    "user `{name}` has no home directory to keep ssh keys in: `{home}` does not exist",
    "let the home directory be created, or name one that exists",
)
LINK_IN_HOME: Final = Message(
    "link-in-home",
    "ssh keys of user `{name}` are not written through a link: `{path}` is one",
    "replace the link by a directory",
)

# Contents.
NEEDS_FETCH: Final = Message(
    "needs-fetch",
    "`{source}` has to be fetched, and this run reads only what the config itself holds",
    "embed the contents, or provision where the network can be reached",
)

# Other configs.
NOT_MERGED: Final = Message(
    "not-merged",
    "`ignition.config.merge` names another config, which is not read here: what it says would be missing",
    "take the entry out, get what it names, and merge the two first: `stoker merge`, this config before that one",
)
NOT_REPLACED: Final = Message(
    "not-replaced",
    "`ignition.config.replace` names another config, which is not read here: that one would count, not this one",
    "get that one, and apply it instead of this one",
)

# The run as a whole.
RAN_BEFORE: Final = Message(
    "ran-before",
    "this tree has been provisioned before (`{path}` exists)",
    "provisioning is meant to run once: files it wrote then are refused now unless they may be overwritten",
)
SYSTEM_FAULT: Final = Message("system-fault", "{reason}")

# The journal: what was there before, and putting it back.
HALF_DONE: Final = Message(
    "half-done",
    "an earlier run was cut off before it had done all of its work: what it had changed is put back first",
    "nothing has to be done; the end is the same as if it had never been begun",
)
NO_JOURNAL: Final = Message(
    "no-journal",
    "no journal can be kept: {reason}",
    "should this run be cut off, the next one may refuse files that it wrote",
)
NOT_EMPTY: Final = Message(
    "not-empty",
    "`{path}` is left as it is: it was not there before, but holds what this change did not put there",
    "look at what is in it, and remove it by hand if nobody needs it",
)
NOT_KEPT: Final = Message(
    "not-kept",
    "`{path}` is left as it is: what was there before could not be kept",
    "compare it with the config by hand",
)
BASE_UNKNOWN: Final = Message(
    "base-unknown",
    "nobody knows what `{path}` was before it was appended to: a first boot did that, and left no record",
    "give it `contents`, or put it back by hand",
)
NO_SUCH_UNIT: Final = Message(
    "no-such-unit",
    "unit `{name}` cannot be enabled: there is no such unit",
    "give it `contents`, or install what brings it",
)
FULL_DIRECTORY: Final = Message(
    "full-directory",
    "`{path}` is a directory, and what is in it was not put there by a config: it is not replaced",
    "remove it by hand if nobody needs what is in it",
)
LINK_TURNS: Final = Message(
    "link-turns",
    "`{path}` leads through the link `{link}`, which is about to change",
    "make two changes: the link first, and what leads through it then",
)
CHANGED_SINCE: Final = Message(
    "changed-since",
    "`{path}` had been changed again since: that is lost",
    "look whether it has to be made once more",
)
UNCONFIRMED: Final = Message(
    "unconfirmed",
    "the last change of this machine has neither been confirmed nor undone",
    "confirm it, or undo it; then this one can be made",
)
BROKEN_JOURNAL: Final = Message(
    "broken-journal",
    "`{path}` is no journal of a change: line {line} cannot be read ({reason})",
    "what was changed cannot be put back by it; look at it, and remove it when the machine is as it shall be",
)
BROKEN_RECORD: Final = Message(
    "broken-record",
    "`{path}` is no record of an applied config: {reason}",
    "put it back from a copy; without it nobody knows what was there before",
)
TOO_MUCH_TO_KEEP: Final = Message(
    "too-much-to-keep",
    "`{path}` is not changed: with what was there, more than {limit} bytes would have to be kept to undo it",
    "move it elsewhere by hand, or make room by confirming the last change",
)
TOO_MANY_TO_KEEP: Final = Message(
    "too-many-to-keep",
    "`{path}` is not changed: there is more below it than can be kept to undo it ({most} names, {deepest} deep)",
    "move it elsewhere by hand",
)
CANNOT_BE_KEPT: Final = Message(
    "cannot-be-kept",
    "`{path}` is not changed: it is neither file, directory nor link, and could not be put back",
    "remove it by hand",
)
ODD_NAME: Final = Message(
    "odd-name",
    "`{path}` is not changed: a name or link in it is not UTF-8 and could not be written down to undo it",
    "rename it by hand",
)
CHANGED_MEANWHILE: Final = Message(
    "changed-meanwhile",
    "`{path}` is not changed: somebody else writes to it",
    "stop what writes to it, and try again",
)
