"""Who a machine is, which rule it meets and what it is given: pure functions of files, labels and sightings."""

from stoker.machines.addresses import normalise_labels, parse_mac
from stoker.machines.boots import Demands, Give, NetworkBoot, boot, read_demands
from stoker.machines.catalogue import EMPTY, FOLDERS, Catalogue, read_catalogue
from stoker.machines.documents import Boot, Group, Profile
from stoker.machines.facts import AnyFact, Booted, Inventoried, Ordered, Refused, Seen, Sent, Tokened, Told
from stoker.machines.fold import Folded, fold
from stoker.machines.identity import Identity, identify, parse_name
from stoker.machines.inventory import Inventory, read_inventory
from stoker.machines.places import Placed, origins_of, place_event
from stoker.machines.receipts import Receipt, find_receipt, keyed_digest, told_by, write_receipt
from stoker.machines.record import Machine, decode_machine, encode_machine
from stoker.machines.register import Recognised, Register
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
from stoker.machines.sightings import Sighting, facts_of
from stoker.machines.states import Sign, State, step, transitions_text

__all__ = [
    "BOOTSTRAP",
    "EMPTY",
    "FOLDERS",
    "Answer",
    "AnyFact",
    "Asker",
    "Boot",
    "Booted",
    "Catalogue",
    "Compile",
    "Demands",
    "Folded",
    "Give",
    "Group",
    "Identity",
    "Inventoried",
    "Inventory",
    "Machine",
    "NetworkBoot",
    "Ordered",
    "Origin",
    "Placed",
    "Profile",
    "Receipt",
    "Recognised",
    "Refused",
    "Register",
    "Seen",
    "Selection",
    "Sent",
    "Sighting",
    "Sign",
    "State",
    "Tokened",
    "Told",
    "Validate",
    "Verdict",
    "boot",
    "check_ignition",
    "decode_machine",
    "encode_machine",
    "facts_of",
    "find_receipt",
    "fold",
    "identify",
    "keyed_digest",
    "normalise_labels",
    "origins_of",
    "parse_mac",
    "parse_name",
    "place_event",
    "read_catalogue",
    "read_demands",
    "read_inventory",
    "refusal_script",
    "render_cloud",
    "render_config",
    "render_generic",
    "render_grub",
    "render_metadata",
    "render_script",
    "render_text",
    "step",
    "told_by",
    "transitions_text",
    "write_receipt",
]
