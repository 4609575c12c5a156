"""What all pages of the console share: who may see them, what they say after a redirect, and errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.domain.errors import Conflict, Invalid, StopPressError, Unauthenticated
from server.domain.message import N_
from server.domain.permissions import Action, Caller, may
from server.web.authenticate import require_caller
from server.web.console import form_labels, forms
from server.web.errors import PROBLEMS
from server.web.languages import Language
from server.web.request_language import console_language
from server.web.site import site_of

Handler = Callable[[Request], Awaitable[Response]]
Page = Callable[[Request, Caller], Awaitable[Response]]

DONE: Mapping[str, str] = {
    "created": N_("Blog created."),
    "saved": N_("Saved."),
    "pinned": N_("Pinned."),
    "unpinned": N_("No longer pinned."),
    "marked_key": N_("Marked as a key event."),
    "unmarked_key": N_("No longer a key event."),
    "marked_breaking": N_("Marked as breaking."),
    "unmarked_breaking": N_("No longer breaking."),
    "published": N_("Published."),
    "again": N_("This was already sent. Nothing was posted twice."),
    "pending": N_("Sent to the editors for approval."),
    "draft": N_("Draft saved. Readers do not see it."),
    "scheduled": N_("Scheduled."),
    "unscheduled": N_("Schedule cancelled. The entry is a draft."),
    "retracted": N_("Retracted. Its text is gone from every page."),
    "dropped": N_("Retracted. Readers never saw it."),
    "restored": N_("Restored."),
    "returned": N_("Sent back to its author, with your reason."),
    "closed": N_("Blog closed."),
    "reopened": N_("Blog reopened."),
    "renamed": N_("Address changed. The old one leads to it."),
    "retimed": N_("Time changed."),
    "copied": N_("Copied. It is a draft in the other blog."),
    "moved": N_("Moved to the other blog."),
    "version_restored": N_("Earlier version restored, as a new edit."),
    "reworded": N_("Correction changed."),
    "correction_removed": N_("Correction removed."),
    "noted": N_("Note added. Only the newsroom sees it."),
    "unnoted": N_("Note removed."),
    "handed_over": N_("Handover note saved. Only the newsroom sees it."),
    "uploaded": N_("Picture uploaded."),
    "picture_removed": N_("Picture removed everywhere. Its address answers that it is gone."),
    "picture_allowed": N_("The same file may be uploaded again."),
    "added": N_("User added."),
    "kept": N_("Byline added."),
    "removed": N_("Byline removed. What is published with it keeps it."),
    "password": N_("Password changed. Log in with the new one."),
    "reset": N_("Password changed. All sessions of that person have ended."),
    "revoked": N_("Token revoked."),
    "out": N_("You are logged out."),
    "stale": N_("This entry was changed since you loaded the list. Nothing was done. Check it and try again."),
    "incomplete": N_("This entry is not complete, so nothing was done. Open it to see what is missing."),
    "refused": N_("The status of the entry or the blog does not allow this. Nothing was done."),
}
"""What a page says first after a redirect; the address carries only the name."""
PLACES = frozenset({"next", "status", "before", "after", "q", "blog", "person"})
"""Parameters of an address that say what is shown, and not what was done."""
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
            return _response(
                request, "resend", 401, caller=None, nav=[], done="", fields=kept,
                labels={name: form_labels.label(name, language_for(request)) for name in kept},
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
    language = language_for(request)
    errors = messages(error, language)
    media: Sequence[dict[str, Any]] = context["typed"].media if "typed" in context else ()
    shared: dict[str, Any] = {
        "caller": caller, "nav": _nav(caller, language), "done": done_words(request, language),
        "errors": errors, "labels": {field: form_labels.label(field, language, media) for field in errors},
        "legends": form_labels.legends(media, language),
    }
    return _response(request, name, status, **(shared | context))


def language_for(request: Request) -> Language:
    """The language that this person reads."""
    return site_of(request).renderer.languages.of(console_language(request))


def done_words(request: Request, language: Language, name: str | None = None) -> str:
    """What is said of what was done; `name` instead of the one in the address."""
    return language.said(DONE.get(request.query_params.get("done", "") if name is None else name, ""))


def _response(request: Request, name: str, status: int, **context: Any) -> Response:
    renderer = site_of(request).renderer
    tag = console_language(request)
    languages = [renderer.languages.of(each) for each in renderer.languages.tags]
    return renderer.response(
        request, f"console/{name}.html", status=status, language=tag, languages=languages,
        address=_address(request), **context
    )


def _address(request: Request) -> str:
    """Where to come back to when the language was changed."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in PLACES]
    return request.url.path + (f"?{urlencode(kept)}" if kept and request.method == "GET" else "")


def messages(error: StopPressError | None, language: Language) -> dict[str, str]:
    """What is wrong by the name of the field; an empty name for what belongs to none."""
    if error is None:
        return {}
    if not isinstance(error, Invalid):
        field = error.field if isinstance(error, Conflict) else ""
        return {field: language.said(error.message if isinstance(error, Conflict) else error.detail)}
    found: dict[str, list[str]] = {}
    for item in error.fields:
        name, place = form_labels.field_of(item.field, language)
        said = language.said(item.message)
        found.setdefault(name, []).append(f"{place}: {said}" if place else said)
    return {name: "; ".join(dict.fromkeys(said)) for name, said in found.items()}


def to(path: str, done: str = "", *, anchor: str = "", **query: str) -> Response:
    """Go on with a page after a form was taken (Post/Redirect/Get). `query` tells it what was done: `entry`
    which entry, `sent` the key of the form, whose draft the browser then drops."""
    text = urlencode({name: value for name, value in {"done": done, **query}.items() if value})
    return RedirectResponse(path + (f"?{text}" if text else "") + (f"#{anchor}" if anchor else ""), 303)


def _nav(caller: Caller | None, language: Language) -> list[tuple[str, str]]:
    if caller is None:
        return []
    _ = language.gettext
    links = [("/console", _("Blogs"))]
    if may(caller, Action.MEDIA_UPLOAD):
        links.append(("/console/pictures", _("Pictures")))
    if may(caller, Action.BYLINES_MANAGE):
        links.append(("/console/bylines", _("Bylines")))
    if may(caller, Action.AUDIT_READ):
        links.append(("/console/log", _("Log")))
    if may(caller, Action.USERS_MANAGE):
        links.append(("/console/users", _("Users")))
    if may(caller, Action.TOKENS_MANAGE):
        links.append(("/console/tokens", _("Tokens")))
    return links
