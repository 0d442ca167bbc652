"""The steady reading of files, directories and links; see `engine.steady`.

Comes in: a config and what it is laid over. Goes out: the steps that are still to be done, and for what the config no
longer names, those that put it back.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from stoker.engine import messages
from stoker.engine.before import ABSENT, UNKNOWN, Before, is_there
from stoker.engine.contents import source_of
from stoker.engine.errors import EngineFault
from stoker.engine.files import link_of, owner_of, places
from stoker.engine.ground import ORIGINALS, Ground
from stoker.engine.operations import Operation, Owner, Step
from stoker.engine.operations.files import FILE_MODE, KeepFile, MakeDirectory, MakeHardLink
from stoker.engine.operations.steady import PutBack, SetFile
from stoker.fetch import FetchFault, Source
from stoker.report import Message, Pointer, Severity
from stoker.schema.v3 import Config, Directory, File, Link, Node
from stoker.system import SystemFault
from stoker.system.protocol import DIRECTORY, FILE, LINK

TRAIL = "steady: files"
DROPPED = "steady: dropped"
LONGEST_APPEND = 64 << 20  # bytes that are compared with the end of a file


def plan_steady_files(config: Config, ground: Ground) -> Iterator[Step]:
    """Plan directories, files and links, hard links last."""
    entries = sorted(places(config, ground.system, ground.report), key=lambda entry: entry[0].count("/"))
    rewritten: set[str] = set()
    for is_hard in (False, True):
        for path, pointer, node in entries:
            if (isinstance(node, Link) and bool(node.hard)) != is_hard:
                continue
            for operation in _planned(path, pointer, node, ground):
                # Another name of a file that is written anew is to be one of the new file.
                target = operation.target if isinstance(operation, MakeHardLink) else None
                if target is None or target in rewritten or not ground.is_done(operation, pointer):
                    rewritten.add(path)
                    yield Step(pointer, TRAIL, operation)


def plan_dropped_places(ground: Ground, gone: set[str]) -> Iterator[Step]:
    """Plan what the config no longer names, the deep before the shallow, when all else is planned.

    What goes does so before anything is put back: it may be another name of that. `gone` are paths that will not be
    there then.
    """
    system, places = ground.system, ground.record.places
    for path in sorted(places, key=lambda path: (places[path] != ABSENT, -path.count("/"))):
        past, found = places[path], system.look(path)
        if path in ground.named or path in gone:
            continue
        if path in ground.places:  # a directory on the way to what is named
            if found is not None and found.kind != DIRECTORY:
                yield Step((), DROPPED, PutBack(path, ABSENT, ORIGINALS, whole=True))
            continue
        if past.kind == UNKNOWN or (past.kind == FILE and not past.digest and found is None):
            if found is not None or past.kind != UNKNOWN:
                ground.report.add(Severity.WARNING, messages.NOT_KEPT, path=path)
        elif past == ABSENT and found is not None and found.kind == DIRECTORY:
            if all(f"{path}/{name}" in gone for name in system.list(path)):
                gone.add(path)
                yield Step((), DROPPED, PutBack(path, past, ORIGINALS))
            else:
                ground.report.add(Severity.INFO, messages.NOT_EMPTY, path=path)
        elif not is_there(system, path, past):
            gone.add(path)
            if found is not None and found.kind == DIRECTORY:
                past = msgspec.structs.replace(past, below=None)  # what people have put there meanwhile is theirs
            yield Step((), DROPPED, PutBack(path, past, ORIGINALS))


def plan_file(
    path: str, pointer: Pointer, sources: tuple[Source, ...], ground: Ground, *, owner: Owner | None, mode: int | None
) -> Iterator[Operation]:
    """Plan a file that is what was there and then the sources."""
    past = ground.past(path, replaced=True)
    if past.kind == UNKNOWN or (not ground.is_known(path) and past.kind == FILE):
        ends = _ends_with(path, pointer, sources, ground)
        if ends is None:
            return
        if ends:
            ground.note(path, Before(UNKNOWN))
            kept = KeepFile(path=path, owner=owner, mode=mode)
            if not ground.is_done(kept, pointer):
                yield kept
            return
        if past.kind == UNKNOWN:
            ground.note(path, past)
            ground.report.add(Severity.ERROR, messages.BASE_UNKNOWN, pointer, path=path)
            return
    ground.note(path, past)
    was_file = past.kind == FILE
    wanted = SetFile(
        path=path,
        owner=_laid_over(owner, past) if was_file else _laid_over(owner, Before(FILE)),
        overwrite=True,
        sources=sources,
        base=past.digest if was_file else "",
        originals=ORIGINALS,
        mode=mode if mode is not None else past.mode if was_file else FILE_MODE,
    )
    if _not_done(wanted, pointer, ground):
        yield wanted


def _planned(path: str, pointer: Pointer, node: Node, ground: Ground) -> list[Operation]:
    """What is to be done for an entry of the config; what forbids it is said."""
    kind = FILE if isinstance(node, File) else DIRECTORY if isinstance(node, Directory) else LINK
    try:
        if ground.is_in_the_way(path, kind, pointer):
            return []
        if isinstance(node, File):
            return list(_file(path, pointer, node, ground))
        if isinstance(node, Directory):
            return list(_directory(path, pointer, node, ground))
        return list(_link(path, pointer, node, ground)) if isinstance(node, Link) else []
    except EngineFault as error:
        ground.report.add(Severity.ERROR, Message(error.code, "{reason}", error.hint), pointer, reason=error)
    except SystemFault as error:
        ground.report.add(Severity.ERROR, messages.SYSTEM_FAULT, pointer, reason=error)
    return []


def _file(path: str, pointer: Pointer, file: File, ground: Ground) -> Iterator[Operation]:
    appended = tuple(map(source_of, file.append))
    found, owner = ground.system.look(path), owner_of(file)
    is_ours = ground.is_known(path) or bool(file.overwrite)
    if found is not None and found.kind != FILE and not is_ours:
        ground.report.add(Severity.ERROR, messages.NOT_A_FILE, pointer, path=path)
    elif file.contents is not None and file.contents.source is not None:
        yield from _contents(path, pointer, file, (source_of(file.contents), *appended), ground)
    elif appended:
        yield from plan_file(path, pointer, appended, ground, owner=owner, mode=file.mode)
    else:
        past = ground.past(path, replaced=found is not None and found.kind != FILE)
        ground.note(path, past)
        was_file = past.kind == FILE
        owner = _laid_over(owner, past) if was_file else owner
        mode = past.mode if file.mode is None and was_file else file.mode
        if found is not None and found.kind != FILE:
            yield PutBack(path, past if was_file else ABSENT, ORIGINALS, whole=True)
        kept = KeepFile(path=path, owner=owner, mode=mode)
        if _not_done(kept, pointer, ground):
            yield kept


def _contents(
    path: str, pointer: Pointer, file: File, sources: tuple[Source, ...], ground: Ground
) -> Iterator[Operation]:
    mode = FILE_MODE if file.mode is None else file.mode
    owner = _laid_over(owner_of(file), Before(FILE))
    wanted = SetFile(path=path, owner=owner, overwrite=True, sources=sources, mode=mode)
    done = ground.is_done(wanted, pointer)
    if done is None:
        return
    refusal = None if file.overwrite else messages.FILE_EXISTS
    past = ground.past(path, replaced=not done)
    if ground.take_over(path, past, is_done=done, refusal=refusal, pointer=pointer) and not done:
        yield wanted


def _directory(path: str, pointer: Pointer, directory: Directory, ground: Ground) -> Iterator[Operation]:
    found = ground.system.look(path)
    is_other = found is not None and found.kind != DIRECTORY
    past = ground.past(path, replaced=is_other)
    if is_other and not ground.is_known(path) and not directory.overwrite:
        ground.report.add(Severity.ERROR, messages.NOT_A_DIRECTORY, pointer, path=path)
        return
    ground.note(path, past)
    was_directory = past.kind == DIRECTORY
    if is_other:
        yield PutBack(path, past if was_directory else ABSENT, ORIGINALS, whole=True)
    owner = _laid_over(owner_of(directory), past) if was_directory else owner_of(directory)
    mode = past.mode if directory.mode is None and was_directory else directory.mode
    wanted = MakeDirectory(path=path, owner=owner, mode=mode)
    if _not_done(wanted, pointer, ground):
        yield wanted


def _link(path: str, pointer: Pointer, link: Link, ground: Ground) -> Iterator[Operation]:
    wanted = link_of(path, msgspec.structs.replace(link, overwrite=True), ground.system)
    found = ground.system.look(path)
    done = bool(ground.is_done(wanted, pointer)) and found is not None and wanted.has_owner(ground.system, found)
    past = ground.past(path, replaced=not done)
    refusal = messages.NOT_A_LINK if past.kind != LINK else messages.LINK_EXISTS
    refusal = messages.NOT_THE_TARGET if link.hard else refusal
    may_change = ground.take_over(
        path, past, is_done=done, refusal=None if link.overwrite else refusal, pointer=pointer
    )
    if may_change and (link.hard or not done):
        yield wanted


def _not_done(operation: Operation, pointer: Pointer, ground: Ground) -> bool:
    return ground.is_done(operation, pointer) is False


def _laid_over(owner: Owner | None, past: Before) -> Owner:
    """An owner where the config names one, else that of what was there."""
    user, group = (None, None) if owner is None else (owner.user, owner.group)
    return Owner(past.uid if user is None else user, past.gid if group is None else group)


def _ends_with(path: str, pointer: Pointer, sources: tuple[Source, ...], ground: Ground) -> bool | None:
    """Whether a file ends with the bytes of the sources; None, which is said, where they cannot be had."""
    try:
        appended = b"".join(ground.fetch.read(source, LONGEST_APPEND) for source in sources)
    except FetchFault as error:
        ground.report.add(Severity.ERROR, Message(error.code, "{reason}", error.hint), pointer, reason=error)
        return None
    found = ground.system.look(path)
    if not appended or found is None or found.kind != FILE or found.size < len(appended):
        return False
    end, before = bytearray(), found.size - len(appended)
    for piece in ground.system.chunks(path):
        end += piece[before:] if before > 0 else piece
        before -= len(piece)
    return end == appended
