"""Generates the OpenAPI 3.1 document from the table of operations and the pydantic models.

Why not a library: Starlette's generator reads YAML from docstrings, which may drift from the code. SpecTree and
the frameworks with a generator (FastAPI, Litestar) validate requests themselves and with their own error
format, while here web/errors.py maps all errors to problem details. What remains is small: paths from a table,
and the JSON Schema 2020-12 that pydantic generates, which OpenAPI 3.1 uses unchanged.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from server.domain import blog, entry
from server.domain.text_limits import MAX_TEXT
from server.newsroom import media
from server.newsroom.idempotency import MAX_KEY
from server.text.search import MAX_QUERY
from server.web.api import account_models, request_models, request_parsing, response_models
from server.web.api.operation import PREFIX, Handler, Operation
from server.web.errors import MEDIA_TYPE, PROBLEMS
from server.web.site import Limits, site_of

_REF = "#/components/schemas/{model}"
_ALWAYS = ("bad_request", "unauthenticated", "request_timeout", "internal_error", "unavailable", "timed_out")
"""Errors that any operation may return; an unknown bearer token is rejected everywhere."""
_WRITES = ("cross_site", "too_large")

_REVISION_PATTERN = r'^("[0-9]{1,9}(\.[a-z0-9]{1,16}\.[0-9]{1,19})?"|[0-9]{1,9}|\*)$'
_PLAIN = r"^[^\u0000-\u001F\u007F]+$"  # paths contain no control characters
_PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    name: {"type": "string", "pattern": _PLAIN, "minLength": 1} for name in ("slug", "id")
}
_ENTRY_STATUSES = "|".join(entry.STATUSES)
_QUERY: dict[str, dict[str, Any]] = {
    "limit": {
        "name": "limit", "description": "Most items on a page.",
        "schema": {
            "type": "integer", "minimum": 1, "maximum": request_parsing.MAX_PAGE,
            "default": request_parsing.DEFAULT_PAGE,
        },
    },
    "q": {
        "name": "q", "description": "Only those with all of these words in their texts or file name.",
        "schema": {"type": "string", "maxLength": MAX_QUERY},
    },
    "reason": {
        "name": "reason", "description": "Why, for the newsroom.",
        "schema": {"type": "string", "maxLength": MAX_TEXT},
    },
    "before": {
        "name": "before", "description": "`next` of the previous page.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": request_parsing.MAX_CURSOR},
    },
    "status": {
        "name": "status", "description": "Only blogs with this status.",
        "schema": {"type": "string", "enum": list(blog.STATUSES)},
    },
    "statuses": {
        "name": "status", "description": "Only entries with these statuses, separated by commas.",
        "schema": {"type": "string", "pattern": f"^({_ENTRY_STATUSES})(,({_ENTRY_STATUSES}))*$"},
    },
}


def serve(operations: Callable[[], Sequence[Operation]]) -> Handler:
    """The handler that answers with the document. `operations` is asked at the first request: the table names
    this handler itself."""

    @cache
    def encoded(limits: Limits) -> bytes:
        return json.dumps(document(operations(), limits), ensure_ascii=False).encode()

    async def show(request: Request) -> Response:
        """This document."""
        text = await asyncio.to_thread(encoded, site_of(request).limits)  # a tenth of a second, once
        return Response(text, media_type="application/json", headers={"Cache-Control": "no-cache"})

    return show


def document(operations: Sequence[Operation], limits: Limits | None = None) -> dict[str, Any]:
    """The whole API as an OpenAPI 3.1 document; with `limits` it also tells those that settings change."""
    paths: dict[str, Any] = {}
    for operation in operations:
        item = paths.setdefault(PREFIX + operation.path, {})
        item[operation.method.lower()] = _operation(operation, limits)
        names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
        if names:
            item["parameters"] = [
                {"name": n, "in": "path", "required": True, "schema": _PATH_SCHEMAS[n]} for n in names
            ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stop Press", "version": _version(), "license": {"name": "MIT", "identifier": "MIT"},
            "description": "API of the Stop Press live-blog server. Readers follow `/live/{slug}/…`.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token, `sp_…`."},
                "session": {"type": "apiKey", "in": "cookie", "name": "stoppress_session"},
            },
        },
        **({"x-limits": asdict(limits)} if limits else {}),
        "x-problems": {code: {"status": p.status, "title": p.title} for code, p in PROBLEMS.items()},
    }


def _operation(operation: Operation, limits: Limits | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"{operation.handler.__doc__}\n\nRequired role: {operation.who}.",
        "tags": [operation.handler.__module__.rpartition(".")[2]],
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": [{"token": []}, {"session": []}, *([{}] if operation.who.startswith("anyone") else [])],
    }
    if operation.takes is not None:
        schema = {"$ref": _REF.format(model=operation.takes.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.uploads:
        described["requestBody"] = {"required": True, "content": {"multipart/form-data": _upload(limits)}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [{"in": "query", "required": False, **_QUERY[name]} for name in operation.query]
    if operation.if_match:
        found.append({
            "name": "If-Match", "in": "header", "required": operation.if_match == "required",
            "description": "The revision that was edited, in quotes; `*` overwrites any revision.",
            "schema": {"type": "string", "pattern": _REVISION_PATTERN},
        })
    if operation.idempotent:
        found.append({
            "name": "Idempotency-Key", "in": "header", "required": False,
            "description": "A retry with the same key within 24 hours creates nothing new.",
            "schema": {"type": "string", "pattern": r"^[!-~]([ -~]*[!-~])?$", "maxLength": MAX_KEY},
        })
    if operation.tells_revision and operation.method == "GET":
        found.append({
            "name": "If-None-Match", "in": "header", "required": False,
            "description": "ETags of cached versions.", "schema": {"type": "string"},
        })
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Success."}
    if operation.answers is not None:
        done["content"] = {"application/json": {"schema": _answer_schema(operation)}}
    headers: dict[str, Any] = {}
    if operation.tells_revision:
        told = 'Revision and position, for example `"3.k3f9.128"`.'
        headers["ETag"] = {"schema": {"type": "string"}, "description": told}
    if operation.status == 201 and operation.name not in ("logIn", "createToken"):
        headers["Location"] = {"schema": {"type": "string"}, "description": "URL of the new resource."}
    if headers:
        done["headers"] = headers
    found = {str(operation.status): done}
    if operation.tells_revision and operation.method == "GET":
        found["304"] = {"description": "Not modified."}
    by_status: dict[int, list[str]] = {}
    for code in _codes(operation):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        found[str(status)] = {
            "description": "; ".join(f"`{code}`: {PROBLEMS[code].title}" for code in codes),
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
        }
    return found


PUBLIC_VIEWS: dict[str, type[BaseModel]] = {
    "getEntry": response_models.PublicEntry, "getBlog": response_models.BlogAtPosition,
}
"""What readers get in place of the newsroom's view, by operation."""


def _answer_schema(operation: Operation) -> dict[str, Any]:
    assert operation.answers is not None
    schema = {"$ref": _REF.format(model=operation.answers.__name__)}
    if operation.name in PUBLIC_VIEWS:
        public = PUBLIC_VIEWS[operation.name].__name__
        return {"anyOf": [schema, {"$ref": _REF.format(model=public)}]}
    return schema


def _codes(operation: Operation) -> list[str]:
    codes = [*_ALWAYS, *operation.errors]
    if operation.method != "GET":
        codes += _WRITES
    if not operation.who.startswith("anyone"):
        codes += ["forbidden"]
    if operation.takes is not None or operation.uploads:
        codes += ["unsupported_media", "invalid"]
    if operation.method == "GET" or operation.if_match:
        codes += ["invalid"]
    return list(dict.fromkeys(codes))


def _upload(limits: Limits | None) -> dict[str, Any]:
    words = {name: {"type": "string", "maxLength": most} for name, most in media.MAX_WORDS.items()}
    # `format: binary` is OpenAPI 3.0's, and what generators look for; 3.1 leaves its meaning to them
    kinds = "JPEG, PNG, WebP, GIF or AVIF"
    if limits is not None:
        kinds += f", at most {limits.upload_bytes} bytes and {limits.upload_pixels} pixels"
    file = {"type": "string", "format": "binary", "description": kinds}
    return {
        "schema": {
            "type": "object", "required": ["file"], "additionalProperties": False,
            "properties": {"file": file, **words},
        }
    }


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (response_models.Problem, "serialization"),
        *((model, "serialization") for model in PUBLIC_VIEWS.values()),
    ]
    for operation in operations:
        if operation.takes is not None:
            models.append((operation.takes, "validation"))
        if operation.answers is not None:
            models.append((operation.answers, "serialization"))
    _, found = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    for model in (
        request_models.BlogChanges, request_models.BylineChanges, request_models.EntryChanges,
        account_models.UserChanges,
    ):
        for field in schemas[model.__name__]["properties"].values():
            field.pop("default", None)  # omitted fields stay unchanged, so they have no default
    return schemas


def _version() -> str:
    try:
        return version("stoppress")
    except PackageNotFoundError:
        return "0"
