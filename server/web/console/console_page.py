"""What all pages of the console share: who may see them, what they say after a redirect, and errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.domain.errors import Invalid, StopPressError, Unauthenticated
from server.domain.permissions import Action, Caller, may
from server.web.authenticate import require_caller
from server.web.console import form_labels, forms
from server.web.errors import PROBLEMS
from server.web.site import site_of

Handler = Callable[[Request], Awaitable[Response]]
Page = Callable[[Request, Caller], Awaitable[Response]]

DONE = {
    "created": "Blog created.",
    "saved": "Saved.",
    "pinned": "Pinned.",
    "unpinned": "No longer pinned.",
    "marked_key": "Marked as a key event.",
    "unmarked_key": "No longer a key event.",
    "marked_breaking": "Marked as breaking.",
    "unmarked_breaking": "No longer breaking.",
    "published": "Published.",
    "again": "This was already sent. Nothing was posted twice.",
    "pending": "Sent to the editors for approval.",
    "draft": "Draft saved. Readers do not see it.",
    "scheduled": "Scheduled.",
    "unscheduled": "Schedule cancelled. The entry is a draft.",
    "retracted": "Retracted. Its text is gone from every page.",
    "dropped": "Retracted. Readers never saw it.",
    "restored": "Restored.",
    "returned": "Sent back to its author, with your reason.",
    "closed": "Blog closed.",
    "uploaded": "Picture uploaded.",
    "added": "User added.",
    "kept": "Byline added.",
    "removed": "Byline removed. What is published with it keeps it.",
    "password": "Password changed. Log in with the new one.",
    "reset": "Password changed. All sessions of that person have ended.",
    "revoked": "Token revoked.",
    "out": "You are logged out.",
    "stale": "This entry was changed since you loaded the list. Nothing was done. Check it and try again.",
    "incomplete": "This entry is not complete, so nothing was done. Open it to see what is missing.",
    "refused": "The status of the entry or the blog does not allow this. Nothing was done.",
}
"""What a page says first after a redirect; the address carries only the name."""
FAILED = frozenset({"stale", "incomplete", "refused"})


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
                request, "console/resend.html", status=401, caller=None, nav=[], done="", fields=kept,
                following=form_page(path), action=f"{path}?{request.url.query}".rstrip("?"),
            )
        return await page(request, caller)

    return handler


def form_page(path: str) -> str:
    """The page with the form that is sent to `path`: what a row's buttons ask for has none of its own."""
    return path.partition("/entries/")[0] if path.endswith("/mark") else path


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
    errors = messages(error)
    media: Sequence[dict[str, Any]] = context["typed"].media if "typed" in context else ()
    shared: dict[str, Any] = {
        "caller": caller, "nav": _nav(caller), "done": DONE.get(request.query_params.get("done", ""), ""),
        "errors": errors, "labels": {field: form_labels.label(field, media) for field in errors},
        "legends": form_labels.legends(media),
    }
    return site_of(request).renderer.response(
        request, f"console/{name}.html", status=status, **(shared | context)
    )


def messages(error: StopPressError | None) -> dict[str, str]:
    """What is wrong by the name of the field; an empty name for what belongs to none."""
    if error is None:
        return {}
    if not isinstance(error, Invalid):
        field, colon, rest = error.detail.partition(": ")
        return {field: rest} if colon and field.isidentifier() else {"": error.detail}
    found: dict[str, list[str]] = {}
    for item in error.fields:
        name, place = form_labels.field_of(item.field)
        found.setdefault(name, []).append(f"{place}: {item.message}" if place else item.message)
    return {name: "; ".join(dict.fromkeys(said)) for name, said in found.items()}


def to(path: str, done: str = "", *, anchor: str = "", **query: str) -> Response:
    """Go on with a page after a form was taken (Post/Redirect/Get). `query` tells it what was done: `entry`
    which entry, `sent` the key of the form, whose draft the browser then drops."""
    text = urlencode({name: value for name, value in {"done": done, **query}.items() if value})
    return RedirectResponse(path + (f"?{text}" if text else "") + (f"#{anchor}" if anchor else ""), 303)


def _nav(caller: Caller | None) -> list[tuple[str, str]]:
    if caller is None:
        return []
    links = [("/console", "Blogs")]
    if may(caller, Action.MEDIA_UPLOAD):
        links.append(("/console/pictures", "Pictures"))
    if may(caller, Action.BYLINES_MANAGE):
        links.append(("/console/bylines", "Bylines"))
    if may(caller, Action.AUDIT_READ):
        links.append(("/console/log", "Log"))
    if may(caller, Action.USERS_MANAGE):
        links.append(("/console/users", "Users"))
    if may(caller, Action.TOKENS_MANAGE):
        links.append(("/console/tokens", "Tokens"))
    return links
