"""`/api/v1/holds`: templates that failed machines speak against, and that a person lets go on."""

from __future__ import annotations

import msgspec

from stoker.http import Request, Response, json_response, problem
from stoker.machines.holds import Hold, release
from stoker.server.holding import HOLDS
from stoker.server.replies import Deed, Reply, View, Write
from stoker.server.roles import Caller
from stoker.store import Condition, Put


class ShownHold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known against a template: which machines failed, by the part of the config that they failed at.

    It is held where `held_at` is more than 0, in seconds since 1970, for the part `pointer`; `reason` says it in words.
    `is_current`: the template is still the one that they failed at. `revision` is that of its bytes.
    """

    template: str
    revision: str
    is_current: bool
    held_at: float = 0.0
    pointer: str = ""
    reason: str = ""
    failed: dict[str, tuple[str, ...]] = {}
    released_by: str = ""


class Holds(msgspec.Struct, frozen=True):
    """All templates that anything is known against, in order of their keys."""

    holds: tuple[ShownHold, ...]


def list_holds(_request: Request, view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/holds`."""
    holds = sorted(view.keeper.holds(), key=lambda hold: hold.template)
    return Reply(json_response(Holds(tuple(_show(view, hold) for hold in holds))))


def release_hold(request: Request, view: View, names: dict[str, str]) -> Reply:
    """`DELETE /api/v1/holds/TEMPLATE`: what was known against the template is forgotten, and counting begins anew."""
    template = names["name"]
    change = write_release(request, view, view.caller, template)
    if change is None:
        return Reply(problem(404, f"nothing is known against `{template[:200]}`"))
    return Reply(Response(204), change=change, then=lambda _revisions: Response(204))


def write_release(request: Request, view: View, caller: Caller, template: str) -> Write | None:
    """What is stored when somebody lets a template go on; None where nothing is known against it."""
    known = view.keeper.hold(template)
    if known is None or not known[0].failed:
        return None
    hold, revision = known
    key = f"{HOLDS}/{template}"
    released = release(hold, caller.name, view.at).hold
    deed = Deed(view.at, str(caller), "release", key, request.client, request.id)
    put = Put(key, msgspec.json.encode(released, order="sorted"))
    return Write((put,), (Condition(key, revision),), deed)


def _show(view: View, hold: Hold) -> ShownHold:
    source = view.catalogue.source(hold.template)
    return ShownHold(
        hold.template,
        hold.revision,
        source is not None and source.item.revision == hold.revision,
        held_at=hold.held_at,
        pointer=hold.pointer,
        reason=hold.reason() if hold.held_at else "",
        failed=hold.failed,
        released_by=hold.released_by,
    )
