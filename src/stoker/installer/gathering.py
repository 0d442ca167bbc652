"""Gather a program: in go the modules that it imports and a directory, out come its files there, Python and all.

Run as a program of its own, `gathering.py DIRECTORY MODULE...` with the module path, a line each, on stdin; the name
of the dynamic linker goes to stdout, and on a second line why the files cannot be written, if so. Nothing is listed by
hand: when the modules are imported, the interpreter is asked what it holds, and the dynamic linker what it has loaded
(dl_iterate_phdr(3)). Before that, nothing else is imported than what every Python has.

The same files give the same bytes: modules are compiled in one order, without times in them (PEP 552).
"""

from __future__ import annotations

import os
import sys

PYTHON = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
UNWIND = "libgcc_s.so.1"  # what the C library loads by name when a thread ends early


def import_all(names: list[str]) -> list[tuple[str, str]]:
    """Import modules; the file of every module that is there then, and its place in the tree."""
    for name in names:
        __import__(name)
    paths = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name != "__main__"}
    rows = {(path, _place(os.path.abspath(path))) for path in paths.values() if path and os.path.isfile(path)}
    return sorted((row for row in rows if row[1]), key=lambda row: row[1])


def _place(path: str) -> str:
    """The place of a module's file: the same below Python's own directory as it has below an entry of `sys.path`."""
    for entry in sorted(sys.path, key=len, reverse=True):
        if entry and path.startswith(f"{entry}/"):
            inside = path[len(entry) + 1 :]
            return f"{PYTHON}/lib-dynload/{inside}" if entry.endswith("/lib-dynload") else f"{PYTHON}/{inside}"
    return ""


def mapped() -> set[str]:
    """The files that are mapped into this process: the interpreter, its modules and shared libraries."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        return {fields[5].rstrip() for line in maps if len(fields := line.split(maxsplit=5)) == 6}


def libraries(needed: set[str]) -> list[str]:
    """The names under which the dynamic linker found those shared libraries that are `needed`, and the one by name."""
    import ctypes  # noqa: PLC0415 -- the engine does not import it, so it must not be counted

    class Loaded(ctypes.Structure):
        """The beginning of struct dl_phdr_info."""

        _fields_ = (("address", ctypes.c_void_p), ("name", ctypes.c_char_p))

    paths: list[str] = []
    visitor = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Loaded), ctypes.c_size_t, ctypes.c_void_p)

    def note(loaded: ctypes._Pointer[Loaded], _size: int, _data: int | None) -> int:
        paths.append(os.fsdecode(loaded.contents.name or b""))
        return 0

    try:
        unwind: object = ctypes.CDLL(UNWIND)  # held until all have been looked at
    except OSError:
        unwind = None  # a C library of another kind, which does without
    ctypes.CDLL(None).dl_iterate_phdr(visitor(note), None)
    del unwind
    return sorted(p for p in paths if os.path.realpath(p) in needed or os.path.basename(p) == UNWIND)


def write(directory: str, found: list[tuple[str, str]], linked: list[str]) -> None:
    """Write the tree: modules compiled, everything else copied."""
    import py_compile  # noqa: PLC0415 -- as above
    import shutil  # noqa: PLC0415

    # Python knows its own directory by this one (getpath.py of CPython), whether anything is in it or not.
    os.makedirs(f"{directory}/{PYTHON}/lib-dynload")
    copies = [("/proc/self/exe", "bin/python3"), *((path, f"lib/{os.path.basename(path)}") for path in linked)]
    for path, place in [*found, *copies]:
        target = f"{directory}/{place}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if path.endswith(".py"):
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(path, f"{target}c", place, doraise=True, invalidation_mode=mode)
        else:
            shutil.copyfile(path, target)
            os.chmod(target, 0o755)


def main(directory: str, *names: str) -> None:
    """Gather, and answer in two lines: the name of the dynamic linker, and why the tree cannot be written if so."""
    sys.path[:] = sys.stdin.read().splitlines()
    found = import_all(list(names))
    modules = {os.path.realpath(path) for path, _ in found}
    linked = libraries(mapped() - modules - {os.path.realpath("/proc/self/exe")})
    linker = next((name for name in map(os.path.basename, linked) if name.startswith("ld")), "")
    fault = ""
    try:
        write(directory, found, linked)
    except OSError as error:
        fault = error.strerror or str(error)
    os.write(1, f"{linker}\n{fault}".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
