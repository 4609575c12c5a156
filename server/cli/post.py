"""`stoppress post BLOG TEXT`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from server.cli.output import AsJson, say
from server.cli.remote_api import ApiToken, Url
from server.cli.remote_api import post as send
from server.domain.errors import Invalid
from server.domain.permissions import SYSTEM

if TYPE_CHECKING:
    from server.newsroom.desk import Desk

MOST_BYTES = 1_000_000
"""What is read from standard input, at most; the API's own limit lies near."""


def post(
    blog: Annotated[str, typer.Argument(help="Slug of the blog.")],
    text: Annotated[str, typer.Argument(help="Markdown; `-` reads standard input.")],
    title: Annotated[str, typer.Option(help="Title of the entry.")] = "",
    byline: Annotated[list[str] | None, typer.Option(help="Who writes; once for each name.")] = None,
    pinned: Annotated[bool, typer.Option("--pinned", help="Keep it at the top.")] = False,
    key_event: Annotated[bool, typer.Option("--key-event", help="List it among the key events.")] = False,
    breaking: Annotated[bool, typer.Option("--breaking", help="Mark it as breaking.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Do not publish it yet.")] = False,
    key: Annotated[str, typer.Option(help="Idempotency-Key: the same key posts once.")] = "",
    url: Url = "",
    token: ApiToken = "",
    as_json: AsJson = False,
) -> None:
    """Post one entry, in the own database or on a server elsewhere (--url and --token)."""
    byline = byline or []
    body = _read() if text == "-" else text
    flags: dict[str, Any] = {"title": title, "pinned": pinned, "key": key_event, "breaking": breaking}
    status = "draft" if draft else "published"
    if url:
        asked = flags | {"body": body, "status": status, "bylines": byline}
        made = send(url, f"/blogs/{quote(blog, safe='')}/entries", asked, token=token, key=key)
    else:
        from server.cli.local_database import on_desk

        flags["bylines"] = byline
        made = on_desk(lambda desk: _create(desk, blog, body, key=key, draft=draft, flags=flags))
    where = f"number {made['number']}, " if made.get("number") else ""
    say(made, f"{made['status'].capitalize()}: {where}{made['id']} at {made['position']}", as_json=as_json)


async def _create(
    desk: Desk, slug: str, body: str, *, key: str, draft: bool, flags: dict[str, Any]
) -> dict[str, Any]:
    from server.domain.entry import Content
    from server.newsroom import entries

    # loaded by those who write here only: they know every time zone
    from server.web.api import request_models, validation

    asked = validation.checked(request_models.EntryBody, {"body": body, **flags})
    content = Content(
        blocks=request_models.blocks_of(asked.body, []), **{name: getattr(asked, name) for name in flags}
    )
    wanted = entries.Draft(content, status="draft" if draft else "published")
    try:
        written = await entries.create(desk, SYSTEM, slug, wanted, key=key or None)
    except Invalid as error:
        raise request_models.as_sent(error, asked.body) from error
    return written.entry.to_json() | {"position": str(written.position)}


def _read() -> str:
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Invalid.field("text", f"at most {MOST_BYTES} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Invalid.field("text", "must be UTF-8") from error
