"""Logging in and out, and one's own password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.domain.errors import Forbidden, Invalid, Throttled, Unauthenticated
from server.domain.permissions import Caller
from server.domain.text_limits import MIN_PASSWORD
from server.newsroom import people
from server.web.api.account_models import PasswordBody
from server.web.authenticate import (
    COOKIE_SECONDS,
    caller_of,
    clear_session_cookie,
    client_address,
    session_secret,
    set_session_cookie,
)
from server.web.console import console_page, forms
from server.web.request_language import COOKIE as LANGUAGE
from server.web.site import site_of


async def log_in(request: Request) -> Response:
    """`/console/login`: goes on to `next`, a page of the console."""
    if request.method != "POST":
        following = _inside(request.query_params.get("next", ""))
        if await caller_of(request) is not None:
            return console_page.to(following)
        return console_page.show(request, None, "login", username="", following=following)
    form = await forms.read(request)
    username, following = form.text("username").strip(), _inside(form.text("next"))
    site = site_of(request)
    try:
        await site.throttle.attempt(name=username, address=client_address(request))
        secret, _ = await people.log_in(
            site.desk, username, form.text("password"), days=site.session_days,
            max_days=site.session_max_days,
            agent=request.headers.get("user-agent", ""),
        )
    except (Unauthenticated, Throttled) as error:
        return console_page.show(request, None, "login", error=error, username=username, following=following)
    await _end(request)  # a session that the browser had before does not live on unseen
    response = console_page.to(following)
    set_session_cookie(response, request, secret)
    return response


async def log_out(request: Request) -> Response:
    await _end(request)
    response = console_page.to("/console/login", "out")
    clear_session_cookie(response, request)
    return response


async def language(request: Request) -> Response:
    """`/console/language`: the language of the console in this browser, also for the log-in."""
    form = await forms.read(request)
    response = console_page.to(_inside(form.text("next")))
    site = site_of(request)
    chosen = site.renderer.languages.catalogue(form.text("language"))
    if chosen is not None:
        secure = site.url(request).startswith("https://")
        response.set_cookie(
            LANGUAGE, chosen, max_age=COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
        )
    return response


@console_page.for_members
async def password(request: Request, caller: Caller) -> Response:
    """`/console/password`: one's own; it ends all sessions, this one too."""
    kind, _, user_id = caller.id.partition(":")
    if kind != "user":
        raise Forbidden("Only people have a password.")
    if request.method != "POST":
        return console_page.show(request, caller, "password", least=MIN_PASSWORD)
    form = await forms.read(request)
    site = site_of(request)
    try:
        # the present password can be guessed at here as at the log-in
        await site.throttle.attempt(name=caller.id, address=client_address(request))
        forms.checked(PasswordBody, {n: form.text(n) for n in ("password", "current")})
        await people.set_password(
            site.desk, caller, user_id, form.text("password"), current=form.text("current")
        )
    except (Invalid, Forbidden, Throttled) as error:
        return console_page.show(request, caller, "password", error=error, least=MIN_PASSWORD)
    response = console_page.to("/console/login", "password")
    clear_session_cookie(response, request)
    return response


def _inside(path: str) -> str:
    """Only to a page of the console: an address of elsewhere would make the log-in a springboard."""
    inside = path == "/console" or path.startswith("/console/")
    return path if inside and path.isprintable() and "\\" not in path else "/console"


async def _end(request: Request) -> None:
    secret = session_secret(request)
    if secret is not None:
        await people.log_out(site_of(request).desk, secret)
