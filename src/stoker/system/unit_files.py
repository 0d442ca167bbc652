"""Units of a tree: whether one is enabled, what enables it, what ends that, as `systemctl --root` answers and does.

Comes in: a machine and the name of a unit. Goes out: what its files say. Source: systemctl(1), is-enabled, enable and
disable; systemd.unit(5), UNIT FILE LOAD PATH and [INSTALL] SECTION OPTIONS.
"""

from __future__ import annotations

from stoker.system.protocol import FILE, LINK, System

UNITS = "/etc/systemd/system"
VENDOR_UNITS = ("/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
INSTALLS = {"WantedBy": ".wants", "RequiredBy": ".requires", "UpheldBy": ".upholds"}
WANTS = tuple(INSTALLS.values())
SECTIONS = 1 << 20  # bytes of a unit that are searched for a section


def is_enabled(system: System, name: str) -> bool:
    """Whether `systemctl is-enabled` would say yes: something links to the unit, or it needs no enabling (static)."""
    if enablements(system, name):
        return True
    return _is_static(system, name)


def disable(system: System, name: str) -> None:
    """Remove every link in the machine's configuration that enables the unit."""
    for path in enablements(system, name):
        system.remove_tree(path)


def unit_file(system: System, name: str) -> tuple[str, str] | None:
    """The path and the text of a unit, or of the template that it is an instance of; None where there is neither."""
    for each in dict.fromkeys((name, template_of(name))):
        for directory in (UNITS, *VENDOR_UNITS):
            path = f"{directory}/{each}"
            look = system.look(path)
            if look is not None and look.kind == FILE:
                return path, system.read(path, SECTIONS).decode(errors="replace")
    return None


def enabling_links(name: str, path: str, text: str) -> list[tuple[str, str]]:
    """The links by which a unit at a path is enabled, each with its target; none where its text asks for none.

    A template alone is enabled as its DefaultInstance. What other units `Also=` names is left to them.
    """
    said = _install_section(text)
    if template_of(name) == name and "@." in name:
        if not said.get("DefaultInstance"):
            return []
        name = name.replace("@.", f"@{said['DefaultInstance'][-1]}.")
    links = []
    for key, ending in INSTALLS.items():
        links += [(f"{UNITS}/{unit}{ending}/{name}", path) for unit in _units(said.get(key, []), name)]
    return links + [(f"{UNITS}/{alias}", path) for alias in _units(said.get("Alias", []), name)]


def template_of(name: str) -> str:
    """The template of an instance: `a@.service` of `a@b.service`; any other name is its own."""
    head, at, tail = name.partition("@")
    return f"{head}@.{tail.rpartition('.')[2]}" if at else name


def _units(words: list[str], name: str) -> list[str]:
    """The names of units in an option; `%i` is the instance, `%p` the prefix, `%n` the unit itself."""
    prefix, _, rest = name.rpartition(".")[0].partition("@")
    specifiers = {"%i": rest, "%I": rest, "%p": prefix, "%n": name, "%%": "%"}
    found = []
    for word in words:
        for specifier, meaning in specifiers.items():
            word = word.replace(specifier, meaning)  # noqa: PLW2901 -- it is the same word, as it is meant
        if word and "/" not in word:
            found.append(word)
    return found


def _install_section(text: str) -> dict[str, list[str]]:
    """The words of each option of the section [Install]; an empty value takes back what stands before it."""
    said: dict[str, list[str]] = {}
    section = ""
    for line in text.replace("\\\n", " ").split("\n"):
        words = line.strip()
        if words.startswith("["):
            section = words
        elif section == "[Install]" and "=" in words and words[0] not in "#;":
            key, _, value = words.partition("=")
            said[key.strip()] = [*said.get(key.strip(), []), *value.split()] if value.strip() else []
    return said


def enablements(system: System, name: str) -> list[str]:
    """The links in the machine's configuration that enable a unit: in directories of other units, and aliases."""
    if system.look(UNITS) is None:
        return []
    found = []
    for entry in system.list(UNITS):
        path = f"{UNITS}/{entry}"
        if entry.endswith(WANTS):
            path = f"{path}/{name}"
            look = system.look(path)
            if look is not None and look.kind == LINK:
                found.append(path)
        elif entry != name and "." in entry:
            look = system.look(path)
            if look is not None and look.kind == LINK and system.read_link(path).rpartition("/")[2] == name:
                found.append(path)
    return found


def _is_static(system: System, name: str) -> bool:
    """Whether the unit exists without a section that says how to enable it."""
    for directory in (UNITS, *VENDOR_UNITS):
        path = f"{directory}/{name}"
        look = system.look(path)
        if look is not None and look.kind == FILE:
            lines = system.read(path, SECTIONS).decode(errors="replace").split("\n")
            return not any(line.strip() == "[Install]" for line in lines)
    return False
