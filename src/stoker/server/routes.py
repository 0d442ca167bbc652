"""The table of the server's own paths: what answers, to whom it is open, and what the API's document says of it."""

from __future__ import annotations

from typing import Any, Final

from stoker import __version__
from stoker.http import Request, Route, Routes, json_response
from stoker.machines import Inventory
from stoker.server import api, assets, boots, configs, holds_api, machines_api, matchbox
from stoker.server.endpoints import EVENT_STREAM, Endpoint
from stoker.server.files_api import GROUPS, LABELS, PROFILES, TEMPLATES, TEXT, FileList, Kind, Written
from stoker.server.metrics import CONTENT_TYPE
from stoker.server.openapi import describe_api
from stoker.server.page import entrance
from stoker.server.page import routes as page
from stoker.server.replies import Handler, Reply, View
from stoker.server.roles import Access

API: Final = "/api/v1"
MACHINE: Final = f"{API}/machines/{{name}}"
IF_MATCH: Final = ("If-Match", "If-None-Match")

# The paths of Matchbox; each has its signatures beside it.
MATCHBOX: Final[dict[str, Handler]] = {
    "/boot.ipxe": boots.boot_script,
    "/boot.ipxe.0": boots.boot_script,
    "/ipxe": boots.ipxe,
    "/grub": boots.grub,
    "/ignition": configs.ignition,
    "/cloud": configs.cloud,
    "/generic": configs.generic,
    "/metadata": matchbox.metadata,
}


def _get(pattern: str, handler: Handler, access: Access, summary: str, answer: Any, **more: Any) -> Route[Endpoint]:
    return Route(("GET",), pattern, Endpoint(handler, access, summary, {200: answer}, **more))


def _files(kind: Kind, name: str, path: str) -> tuple[Route[Endpoint], ...]:
    """The routes of a kind of files."""
    one = f"{API}/{name}/{path}"
    written = {200: Written, 201: Written}
    put = Endpoint(kind.put, Access.CHANGE, f"Put a {kind.what}.", written, body=kind.content_type, headers=IF_MATCH)
    delete = Endpoint(kind.delete, Access.CHANGE, f"Take a {kind.what} away.", {204: None}, headers=IF_MATCH)
    return (
        _get(f"{API}/{name}", kind.list, Access.SEE, f"All files of this kind: {name}.", FileList),
        _get(one, kind.get, Access.SEE, f"A {kind.what} as it is written.", kind.content_type, headers=IF_MATCH[1:]),
        Route(("PUT",), one, put),
        Route(("DELETE",), one, delete),
    )


def _document(_request: Request, _view: View, _names: dict[str, str]) -> Reply:
    """`GET /api/v1/openapi.json`."""
    return Reply(json_response(describe_api(ROUTES, __version__)))


BOOT: Final = (
    Route(("GET",), "/", Endpoint(entrance.root)),
    *(Route(("GET",), path, Endpoint(handler)) for path, handler in MATCHBOX.items()),
    *(
        Route(("GET",), path + suffix, Endpoint(matchbox.signed(handler, is_armored=is_armored)))
        for path, handler in MATCHBOX.items()
        for suffix, is_armored in matchbox.SIGNATURES.items()
    ),
    Route(("GET",), "/assets/{path...}", Endpoint(assets.asset)),
)
OPERATION: Final = (
    _get("/healthz", api.health, Access.PUBLIC, "Whether the process answers.", TEXT),
    _get("/readyz", api.ready, Access.PUBLIC, "Whether what is served was read.", TEXT),
    _get("/metrics", api.metrics, Access.PUBLIC, "Measures, for Prometheus.", CONTENT_TYPE),
    _get(f"{API}/version", api.version, Access.PUBLIC, "Which program answers.", api.Version),
    _get(f"{API}/openapi.json", _document, Access.PUBLIC, "This document.", dict[str, Any]),
    _get(f"{API}/findings", api.list_findings, Access.SEE, "What is wrong in the files.", api.Findings),
    _get(f"{API}/audit", api.list_audit, Access.SEE, "Who changed what.", api.Audit, query=api.AuditQuery),
    _get(
        f"{API}/events",
        api.follow_events,
        Access.SEE,
        "What happens to machines, as it happens: events `machine`, and `missed` where some went by.",
        EVENT_STREAM,
        query=api.EventsQuery,
        headers=("Last-Event-ID",),
    ),
)
MACHINES: Final = (
    _get(
        f"{API}/machines",
        machines_api.list_machines,
        Access.PUBLIC,
        "Machines; without a token their states alone.",
        machines_api.MachineList,
        query=machines_api.MachineQuery,
    ),
    _get(MACHINE, machines_api.get_machine, Access.SELF, "A machine.", machines_api.ShownMachine),
    _get(
        f"{MACHINE}/events", machines_api.list_events, Access.SELF, "What happened to a machine.", machines_api.Timeline
    ),
    Route(
        ("POST",),
        f"{MACHINE}/events",
        Endpoint(
            machines_api.post_events,
            Access.REPORT,
            "Report what happened, as the machine.",
            {204: None},
            body=machines_api.Post,
        ),
    ),
    Route(
        ("PUT",),
        f"{MACHINE}/inventory",
        Endpoint(
            machines_api.put_inventory,
            Access.REPORT,
            "Report what the machine is made of, as the machine: this, or what `stoker inventory -o json` captures.",
            {204: None},
            body=Inventory,
        ),
    ),
    _get(
        f"{MACHINE}/receipts",
        machines_api.list_receipts,
        Access.SELF,
        "Which configs it was sent.",
        machines_api.Receipts,
    ),
    Route(
        ("POST",),
        f"{MACHINE}/actions",
        Endpoint(
            machines_api.order,
            Access.CHANGE,
            "Order something; 409 with the reason where its state forbids that.",
            {200: machines_api.ShownMachine, 204: None},
            body=machines_api.Command,
            headers=("If-Match",),
        ),
    ),
    _get(
        f"{API}/match",
        machines_api.match,
        Access.SEE,
        "What a machine with these labels gets and why; each parameter is a label.",
        machines_api.Matched,
    ),
)
HOLDS: Final = (
    _get(
        f"{API}/holds",
        holds_api.list_holds,
        Access.SEE,
        "Templates that failed machines speak against, held or not.",
        holds_api.Holds,
    ),
    Route(
        ("DELETE",),
        f"{API}/holds/{{name...}}",
        Endpoint(holds_api.release_hold, Access.CHANGE, "Let a template go on that is held.", {204: None}),
    ),
)
FILES: Final = (
    *_files(GROUPS, "groups", "{name}"),
    *_files(PROFILES, "profiles", "{name...}"),
    *_files(LABELS, "labels", "{name}"),
    *_files(TEMPLATES, "templates", "{folder}/{name...}"),
)

PAGE: Final = tuple(Route(row.methods, row.pattern, Endpoint(row.endpoint)) for row in page.ROUTES)

ROUTES: Final = (*BOOT, *OPERATION, *MACHINES, *HOLDS, *FILES, *PAGE)
TABLE: Final[Routes[Endpoint]] = Routes(ROUTES)
