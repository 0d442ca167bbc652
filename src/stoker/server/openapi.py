"""The table of routes goes in, an OpenAPI 3.1 document comes out; nothing of the API is written down a second time.

Schemas are those that msgspec derives from the types that bodies are read into and answers are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from stoker.http import PROBLEM_TYPE, Problem, Route
from stoker.server.endpoints import Endpoint
from stoker.server.roles import Access, Role

REFERENCE: Final = "#/components/schemas/{name}"
SECURITY: Final[dict[str, Any]] = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token that `stoker token` has made; its role says what it opens.",
}


def describe_api(routes: Iterable[Route[Endpoint]], version: str) -> dict[str, Any]:
    """The document for all routes that are part of the API, those with a summary."""
    told = [route for route in routes if route.endpoint.summary]
    types = {each: None for route in told for each in _types(route.endpoint)}
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=REFERENCE)
    by_type = dict(zip([*types, Problem], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in told:
        path = re.sub(r"\{(\w+)\.\.\.\}", r"{\1}", route.pattern)
        for method in route.methods:
            paths.setdefault(path, {})[method.lower()] = _operation(method, path, route.endpoint, by_type, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stoker", "version": version, "description": "Machines, and what they boot and become."},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": SECURITY}},
    }


def _types(endpoint: Endpoint) -> list[Any]:
    answers = [answer for answer in endpoint.answers.values() if answer is not None and not isinstance(answer, str)]
    return [
        each for each in (endpoint.query, endpoint.body, *answers) if each is not None and not isinstance(each, str)
    ]


def _operation(
    method: str, path: str, endpoint: Endpoint, schemas: Mapping[Any, Any], components: Mapping[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _identifier(method, path),
        "summary": endpoint.summary,
        "description": _who(endpoint.access),
        "parameters": [*_in_path(path), *_in_query(endpoint, schemas, components), *_in_headers(endpoint)],
        "responses": {
            **{str(status): _answer(status, answer, schemas) for status, answer in endpoint.answers.items()},
            "default": _content("Why not (RFC 9457).", PROBLEM_TYPE, schemas[Problem]),
        },
    }
    if endpoint.body is not None:
        content = _body(endpoint.body, schemas)
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.access is not Access.PUBLIC:
        operation["security"] = [{"token": []}, {}] if Role.ANYONE in endpoint.access.value else [{"token": []}]
    return operation


def _identifier(method: str, path: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", path.removeprefix("/api/v1")) or ["root"]
    return "_".join([method.lower(), *words])


def _who(access: Access) -> str:
    roles = ", ".join(role for role in Role if role in access.value)
    own = " A machine may it for itself only." if access.is_of_one_machine else ""
    return f"Open to: {roles}.{own}"


def _in_path(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(endpoint: Endpoint, schemas: Mapping[Any, Any], components: Mapping[str, Any]) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = components[schemas[endpoint.query]["$ref"].rpartition("/")[2]]
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": of}
        for name, of in schema["properties"].items()
    ]


def _in_headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [{"name": name, "in": "header", "schema": {"type": "string"}} for name in endpoint.headers]


def _answer(status: int, answer: Any, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    phrase = f"{HTTPStatus(status).phrase}."
    if answer is None:
        return {"description": phrase}
    return {"description": phrase, "content": _body(answer, schemas)}


def _body(shape: Any, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    if isinstance(shape, str):
        return {shape: {"schema": {"type": "string"}}}
    return {"application/json": {"schema": schemas[shape]}}


def _content(description: str, media_type: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}
