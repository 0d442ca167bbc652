"""How a stage ended, told to the platform: in go the stage and what went wrong, out goes a line of a timeline.

Only Equinix Metal (`packet`) has such a place. Its address is beside `phone_home_url` in the machine's metadata; the
words are Ignition's.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stoker.platforms.errors import PlatformFault
from stoker.platforms.machine import Read, Request, Say

METADATA: Final = "https://metadata.packet.net/metadata"

_LARGEST: Final = 1 << 20


class _Metadata(msgspec.Struct):
    phone_home_url: str


class _Line(msgspec.Struct):
    state: str
    message: str


def report_status(platform: str, stage: str, error: str, read: Read, say: Say) -> None:
    """Tell the platform that a stage is through, or by `error` why not. Nothing depends on it: faults are only said."""
    if platform != "packet":
        return
    text = f"Ignition error: {error}" if error else "Ignition status: finished successfully"
    line = _Line("failed" if error else "running", f"[{stage}] {text}")
    try:
        status, body = read(Request(METADATA, {"Accept": "*/*"}, patient=False, limit=_LARGEST))
        if status != 200:
            say(f"{METADATA} answered with status {status}; the stage is not reported")
            return
        events = msgspec.json.decode(body, type=_Metadata).phone_home_url.removesuffix("/phone-home") + "/events"
        headers = {"Content-Type": "application/json"}
        read(Request(events, headers, "POST", patient=False, limit=_LARGEST, body=msgspec.json.encode(line)))
    except (PlatformFault, msgspec.MsgspecError, RecursionError) as fault:
        say(f"the stage is not reported: {fault}")
