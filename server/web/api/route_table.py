"""Table of all API operations with required role, request body and response.

The routes and the OpenAPI document are both generated from it, so that they cannot differ.
"""

from __future__ import annotations

from collections import defaultdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.web.api import (
    account_models,
    blogs,
    bylines,
    entries,
    media,
    openapi,
    response_models,
    session,
    tokens,
    users,
)
from server.web.api import request_models as b
from server.web.api.operation import PREFIX, Handler, Operation

_BLOG = "/blogs/{slug}"
_ENTRIES = "/blogs/{slug}/entries"
_ENTRY = "/blogs/{slug}/entries/{id}"
_REVISED = ("not_found", "conflict", "stale_revision")

OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/blogs", blogs.index, "listBlogs", "anyone (public view)", "List blogs",
              response_models.BlogPage, query=("status", "limit", "before")),
    Operation("POST", "/blogs", blogs.create, "createBlog", "editor", "Create a blog",
              response_models.NewsroomBlog, 201, b.BlogBody, errors=("conflict", "idempotency_key_reused"),
              tells_revision=True, idempotent=True),
    Operation("GET", _BLOG, blogs.show, "getBlog", "anyone (public view)", "Get a blog",
              response_models.NewsroomBlog, errors=("not_found",), tells_revision=True),
    Operation("PATCH", _BLOG, blogs.edit, "editBlog", "editor", "Edit a blog",
              response_models.NewsroomBlog, takes=b.BlogChanges, errors=(*_REVISED, "revision_required"),
              tells_revision=True, if_match="required"),
    Operation("GET", _ENTRIES, entries.index, "listEntries", "anyone (public view)", "List entries",
              response_models.EntryPage, errors=("not_found",), query=("statuses", "limit", "before")),
    Operation("POST", _ENTRIES, entries.create, "createEntry", "contributor", "Post an entry",
              response_models.Entry, 201, b.EntryBody,
              errors=("not_found", "conflict", "idempotency_key_reused"), tells_revision=True,
              idempotent=True),
    Operation("GET", _ENTRY, entries.show, "getEntry", "anyone (public view)", "Get an entry",
              response_models.Entry, errors=("not_found", "gone"), tells_revision=True),
    Operation("PATCH", _ENTRY, entries.edit, "editEntry", "contributor", "Edit an entry",
              response_models.Entry, takes=b.EntryChanges, errors=(*_REVISED, "revision_required"),
              tells_revision=True, if_match="required"),
    Operation("DELETE", _ENTRY, entries.retract, "retractEntry", "contributor", "Retract an entry",
              response_models.Entry, errors=_REVISED, tells_revision=True, if_match="optional"),
    Operation("POST", f"{_ENTRY}/restore", entries.restore, "restoreEntry", "editor", "Undo a retraction",
              response_models.Entry, errors=("not_found", "conflict"), tells_revision=True),
    Operation("GET", f"{_ENTRY}/revisions", entries.revisions, "listRevisions", "contributor",
              "List an entry's revisions", response_models.Revisions, errors=("not_found",)),
    Operation("GET", "/media", media.index, "listMedia", "contributor", "List pictures",
              response_models.Pictures, query=("q", "limit", "before")),
    Operation("POST", "/media", media.create, "uploadMedia", "contributor", "Upload a picture",
              response_models.Picture, 201, uploads=True, errors=("conflict",)),
    Operation("GET", "/media/{id}", media.show, "getMedia", "contributor", "Get a picture",
              response_models.Picture, errors=("not_found", "gone")),
    Operation("PATCH", "/media/{id}", media.edit, "editMedia", "contributor", "Edit a picture’s texts",
              response_models.Picture, takes=b.PictureChanges, errors=("not_found", "gone")),
    Operation("DELETE", "/media/{id}", media.remove, "removeMedia", "editor", "Remove a picture everywhere",
              response_models.PictureRemoval, query=("reason",), errors=("not_found", "gone", "invalid")),
    Operation("GET", "/bylines", bylines.index, "listBylines", "contributor", "List bylines",
              response_models.BylinePage, query=("limit", "before")),
    Operation("POST", "/bylines", bylines.create, "createByline", "editor", "Add a byline",
              response_models.Byline, 201, b.NewBylineBody, errors=("conflict",)),
    Operation("GET", "/bylines/{id}", bylines.show, "getByline", "contributor", "One byline",
              response_models.Byline, errors=("not_found",)),
    Operation("PATCH", "/bylines/{id}", bylines.edit, "editByline", "editor", "Change a byline",
              response_models.Byline, takes=b.BylineChanges, errors=("not_found", "conflict")),
    Operation("DELETE", "/bylines/{id}", bylines.remove, "removeByline", "editor", "Remove a byline",
              None, 204, errors=("not_found",)),
    Operation("GET", "/users", users.index, "listUsers", "admin", "List users", response_models.Users),
    Operation("POST", "/users", users.create, "createUser", "admin", "Add a user",
              response_models.User, 201, account_models.UserBody, errors=("conflict",)),
    Operation("GET", "/users/{id}", users.show, "getUser", "oneself", "Get a user",
              response_models.User, errors=("not_found",)),
    Operation("PATCH", "/users/{id}", users.edit, "editUser", "admin", "Edit a user",
              response_models.User, takes=account_models.UserChanges, errors=("not_found", "conflict")),
    Operation("PUT", "/users/{id}/password", users.set_password, "setPassword", "oneself",
              "Set a password", None, 204, account_models.PasswordBody, errors=("not_found", "throttled")),
    Operation("GET", "/tokens", tokens.index, "listTokens", "admin", "List API tokens", response_models.Tokens),
    Operation("POST", "/tokens", tokens.create, "createToken", "admin", "Create an API token",
              response_models.NewToken, 201, account_models.TokenBody, errors=("conflict",)),
    Operation("DELETE", "/tokens/{id}", tokens.revoke, "revokeToken", "admin", "Revoke an API token",
              None, 204, errors=("not_found",)),
    Operation("POST", "/session", session.log_in, "logIn", "anyone", "Log in",
              response_models.Session, 201, account_models.LogInBody, errors=("unauthenticated", "throttled")),
    Operation("GET", "/session", session.show, "getSession", "oneself", "Get the current user or token",
              response_models.Session),
    Operation("DELETE", "/session", session.log_out, "logOut", "anyone", "Log out", None, 204),
    Operation("GET", "/openapi.json", openapi.serve(lambda: OPERATIONS), "getDocument", "anyone",
              "Get the OpenAPI document", response_models.Document),
)


def routes() -> list[BaseRoute]:
    """One route for each path, so that a 405 response lists all allowed methods."""
    by_path: dict[str, dict[str, Handler]] = defaultdict(dict)
    for operation in OPERATIONS:
        by_path[operation.path][operation.method] = operation.handler
    return [
        Route(PREFIX + path, _by_method(handlers), methods=[*handlers, "OPTIONS"], name=f"api:{path}")
        for path, handlers in by_path.items()
    ]


def _by_method(handlers: dict[str, Handler]) -> Handler:
    allowed = sorted({*handlers, "OPTIONS", *(["HEAD"] if "GET" in handlers else [])})

    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": ", ".join(allowed)})
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return endpoint
