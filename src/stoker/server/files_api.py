"""`/api/v1/groups`, `profiles`, `labels` and `templates`: the files that say what machines get, read and changed.

What is put is judged first: what has an error is refused with its findings, and the file stays as it is. An entity tag
is that of the bytes; who changes a file names the version that was read, so that nobody's change is lost unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from stoker.http import Finding, Request, Response, finding, is_fresh, json_response, problem, refused_precondition
from stoker.machines import Catalogue
from stoker.machines.catalogue import RAW_SUFFIXES, TEMPLATE_FOLDERS
from stoker.machines.documents import read_group, read_profile
from stoker.machines.known import read_labels
from stoker.report import Report
from stoker.server.replies import Deed, Reply, View, Write
from stoker.store import (
    Condition,
    ConflictError,
    Delete,
    InvalidKeyError,
    Item,
    LimitError,
    Put,
    StoreError,
    StoreUnavailableError,
)
from stoker.store.limits import check_key
from stoker.store.snapshots import digest
from stoker.templates.gotext import parse

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"


class ShownFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file: its name, the revision of its bytes, what it says if that could be read, and what is wrong with it."""

    name: str
    revision: str
    content: Any = None
    findings: tuple[Finding, ...] = ()


class FileList(msgspec.Struct, frozen=True):
    """All files of a kind, in order of their names."""

    files: tuple[ShownFile, ...]


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that was put: its name, its new revision, and what is worth knowing of it."""

    name: str
    revision: str
    findings: tuple[Finding, ...] = ()


Judge = Callable[[str, Item, View], Report]
Entries = Callable[[Catalogue], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of files: the key of a name, how one is judged, and where the catalogue has them."""

    what: str
    key: Callable[[str], str]
    judge: Judge
    entries: Entries
    content_type: str = JSON

    def list(self, _request: Request, view: View, _names: dict[str, str]) -> Reply:
        """All of them."""
        entries = sorted(self.entries(view.catalogue).items())
        return Reply(json_response(FileList(tuple(_show(name, entry) for name, entry in entries))))

    def get(self, request: Request, view: View, names: dict[str, str]) -> Reply:
        """The bytes of one."""
        item = self._find(view, names)
        if item is None:
            return Reply(self._unknown(names))
        headers = (("etag", _tag(item)),)
        if is_fresh(request.headers, _tag(item)):
            return Reply(Response(304, headers))
        return Reply(Response(200, (*headers, ("content-type", self.content_type)), item.data))

    def put(self, request: Request, view: View, names: dict[str, str]) -> Reply:
        """Make one, or put other bytes in its place."""
        name, key = _name(names), self.key(_name(names))
        try:
            check_key(key)
        except InvalidKeyError as error:
            return Reply(problem(400, str(error)))
        before = self._find(view, names)
        refused = self._refused(request, before)
        is_there = before is not None and before.data == request.body
        if refused is not None and not is_there:
            return Reply(refused)
        report = self.judge(name, Item(key, request.body, digest(request.body), key), view)
        if report.has_errors:
            errors = sum(entry.is_error for entry in report)
            return Reply(problem(422, f"{self.what} `{name}` is not put: it has {errors} errors", report))
        put, condition = Put(key, request.body), Condition(key, before.revision if before else "")

        def then(revisions: Mapping[str, str]) -> Response:
            written = Written(name, revisions[key], tuple(map(finding, report)))
            return json_response(written, 200 if before else 201).with_headers(("etag", f'"{revisions[key]}"'))

        if refused is not None and before is not None:  # somebody asks again who was not answered, RFC 9110 13.1.1
            return Reply(then({key: before.revision}))
        deed = Deed(view.at, str(view.caller), "put", key, request.client, request.id)
        return Reply(Response(200), change=Write((put,), (condition,), deed), then=then)

    def delete(self, request: Request, view: View, names: dict[str, str]) -> Reply:
        """Take one away."""
        item = self._find(view, names)
        if item is None:
            return Reply(self._unknown(names))
        refused = self._refused(request, item)
        if refused is not None:
            return Reply(refused)
        deed = Deed(view.at, str(view.caller), "delete", item.key, request.client, request.id)
        change = Write((Delete(item.key),), (Condition(item.key, item.revision),), deed)
        return Reply(Response(204), change=change, then=lambda _revisions: Response(204))

    def _find(self, view: View, names: dict[str, str]) -> Item | None:
        return view.keeper.item(self.key(_name(names)))

    def _unknown(self, names: dict[str, str]) -> Response:
        return problem(404, f"no {self.what} `{_name(names)[:200]}`")

    def _refused(self, request: Request, item: Item | None) -> Response | None:
        refused = refused_precondition(request.headers, _tag(item) if item else None, is_required=True)
        if refused is None:
            return None
        if refused == 428:
            return problem(428, "name the version that you read by `If-Match`, with its `ETag`")
        reason = "has changed since" if item else "is not there"
        return problem(412, f"the {self.what} {reason}; read it again").with_headers(*_tags(item))


def refuse_change(error: StoreError) -> Response:
    """Why the store did not take a change, and what to do."""
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
    response = problem(status, str(error))
    return response.with_headers(("retry-after", "5")) if status == 503 else response


STATUSES: Final[dict[type[StoreError], int]] = {
    ConflictError: 412,
    InvalidKeyError: 400,
    LimitError: 413,
    StoreUnavailableError: 503,
}


def _name(names: dict[str, str]) -> str:
    return names["name"] if "folder" not in names else f"{names['folder']}/{names['name']}"


def _tag(item: Item) -> str:
    return f'"{item.revision}"'


def _tags(item: Item | None) -> tuple[tuple[str, str], ...]:
    return (("etag", _tag(item)),) if item else ()


def _show(name: str, entry: Any) -> ShownFile:
    findings = tuple(map(finding, entry.report))
    try:
        content = msgspec.json.decode(entry.item.data) if entry.item.key.endswith(".json") else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    return ShownFile(name, entry.item.revision, content, findings)


def _template_key(name: str) -> str:
    """The name itself, or what is no key where it is in no folder of templates."""
    return name if name.partition("/")[0] in TEMPLATE_FOLDERS else ""


def _judge_template(key: str, item: Item, view: View) -> Report:
    """A template has to be one; what is served as written has to be a config."""
    if key.startswith("ignition/") and key.endswith(RAW_SUFFIXES):
        return view.validate(item.data, item.file)
    return parse(item.data, item.file, name=key.rpartition("/")[2])[1]


GROUPS: Final = Kind(
    "group",
    lambda name: f"groups/{name}.json",
    lambda name, item, _: read_group(name, item)[1],
    lambda all_: all_.groups,
)
PROFILES: Final = Kind(
    "profile",
    lambda name: f"profiles/{name}.json",
    lambda name, item, _: read_profile(name, item)[1],
    lambda all_: all_.profiles,
)
LABELS: Final = Kind(
    "labels",
    lambda name: f"labels/{name}.json",
    lambda name, item, _: read_labels(name, item)[1],
    lambda all_: all_.labels,
)
TEMPLATES: Final = Kind("template", _template_key, _judge_template, lambda all_: all_.sources, TEXT)
