"""Who a machine is, which rule it meets and what it is given: pure functions of files, labels and sightings."""

from stoker.machines.addresses import normalise_labels, parse_mac
from stoker.machines.catalogue import EMPTY, FOLDERS, Catalogue, read_catalogue
from stoker.machines.documents import Boot, Group, Profile
from stoker.machines.identity import Identity, identify, parse_name
from stoker.machines.rendering import (
    BOOTSTRAP,
    Answer,
    Asker,
    Compile,
    Origin,
    Validate,
    check_ignition,
    refusal_script,
    render_cloud,
    render_config,
    render_generic,
    render_grub,
    render_metadata,
    render_script,
    render_text,
)
from stoker.machines.selection import Selection, Verdict
from stoker.machines.timeline import Machine, Sighting, Timeline

__all__ = [
    "BOOTSTRAP",
    "EMPTY",
    "FOLDERS",
    "Answer",
    "Asker",
    "Boot",
    "Catalogue",
    "Compile",
    "Group",
    "Identity",
    "Machine",
    "Origin",
    "Profile",
    "Selection",
    "Sighting",
    "Timeline",
    "Validate",
    "Verdict",
    "check_ignition",
    "identify",
    "normalise_labels",
    "parse_mac",
    "parse_name",
    "read_catalogue",
    "refusal_script",
    "render_cloud",
    "render_config",
    "render_generic",
    "render_grub",
    "render_metadata",
    "render_script",
    "render_text",
]
