"""What all pages of the console share: who may see them, what they say after a redirect, and errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.domain.errors import Invalid, StopPressError, Unauthenticated
from server.domain.permissions import Action, Caller, may
from server.web.authenticate import require_caller
from server.web.console import forms
from server.web.errors import PROBLEMS
from server.web.site import site_of

Handler = Callable[[Request], Awaitable[Response]]
Page = Callable[[Request, Caller], Awaitable[Response]]

DONE = {
    "created": "The blog is there.",
    "saved": "Saved.",
    "published": "Published. Readers have it.",
    "pending": "Sent to the editors. It waits for approval.",
    "draft": "Kept as a draft. Readers do not see it.",
    "scheduled": "Scheduled.",
    "retracted": "Retracted. Its text is gone from every page.",
    "restored": "Restored.",
    "uploaded": "The picture is uploaded.",
    "added": "Added.",
    "password": "The password is changed. Log in with the new one.",
    "reset": "The password is changed and all sessions of that person have ended.",
    "revoked": "The token no longer works.",
    "out": "You are logged out.",
    "stale": "Somebody changed this entry a moment ago, so nothing was done. Look again.",
    "refused": "The present state of the entry or the blog does not allow this. Nothing was done.",
}
"""What a page says first after a redirect; the address carries only the name."""


def for_members(page: Page) -> Handler:
    """Only for somebody who is logged in. Others log in first; a form that they sent is kept and can be
    sent again, so that a session that ended loses nothing that was typed."""

    @wraps(page)
    async def handler(request: Request) -> Response:
        try:
            caller = await require_caller(request)
        except Unauthenticated:
            path = request.url.path
            if request.method in ("GET", "HEAD"):
                return RedirectResponse(f"/console/login?{urlencode({'next': path})}", 303)
            form = await forms.read(request)
            kept = {k: v for k, v in form.values.items() if "password" not in k and k != "current"}
            return site_of(request).renderer.response(
                request, "console/resend.html", status=401, caller=None, nav=[], done="", fields=kept
            )
        return await page(request, caller)

    return handler


def show(
    request: Request,
    caller: Caller | None,
    name: str,
    *,
    error: StopPressError | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    """A page of the console. With `error` it is the form again, with the error's status and its messages."""
    if error is not None:
        status = PROBLEMS[error.code].status
    return site_of(request).renderer.response(
        request, f"console/{name}.html", status=status, caller=caller, nav=_nav(caller),
        done=DONE.get(request.query_params.get("done", ""), ""), errors=messages(error), **context,
    )


def messages(error: StopPressError | None) -> dict[str, str]:
    """What is wrong by the name of the field; an empty name for what belongs to none."""
    if error is None:
        return {}
    if not isinstance(error, Invalid):
        field, colon, rest = error.detail.partition(": ")
        return {field: rest} if colon and field.isidentifier() else {"": error.detail}
    found: dict[str, str] = {}
    for item in error.fields:
        found.setdefault(_field(item.field), item.message)
    return found


def to(path: str, done: str = "", *, anchor: str = "") -> Response:
    """Go on with a page after a form was taken (Post/Redirect/Get)."""
    query = f"?done={done}" if done else ""
    return RedirectResponse(path + query + (f"#{anchor}" if anchor else ""), 303)


def _field(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "blocks" and len(parts) > 2:
        return f"media-{parts[1]}-{parts[-1]}"
    return "byline" if parts[0] == "bylines" else parts[0]


def _nav(caller: Caller | None) -> list[tuple[str, str]]:
    if caller is None:
        return []
    links = [("/console", "Blogs")]
    if may(caller, Action.MEDIA_UPLOAD):
        links.append(("/console/pictures", "Pictures"))
    if may(caller, Action.USERS_MANAGE):
        links.append(("/console/users", "Users"))
    if may(caller, Action.TOKENS_MANAGE):
        links.append(("/console/tokens", "Tokens"))
    return links
