"""`stoppress blog add`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.output import AsJson, say
from server.cli.remote_api import ApiToken, Url
from server.cli.remote_api import post as send
from server.domain.byline import Byline
from server.domain.permissions import SYSTEM

if TYPE_CHECKING:
    from server.newsroom.desk import Desk

app = typer.Typer(no_args_is_help=True, help="Live blogs.")


@app.callback()
def _group() -> None:
    """Live blogs."""


@app.command()
def add(
    slug: Annotated[str, typer.Argument(help="Its address: /live/SLUG. Never changes.")],
    headline: Annotated[str, typer.Option(help="The headline.")],
    standfirst: Annotated[str, typer.Option(help="The sentence under the headline.")] = "",
    byline: Annotated[list[str] | None, typer.Option(help="Who writes; once for each name.")] = None,
    status: Annotated[str, typer.Option(help="draft, live or closed.")] = "live",
    language: Annotated[str, typer.Option(help="BCP 47 tag, e.g. en or ar.")] = "en",
    time_zone: Annotated[str, typer.Option(help="IANA name, e.g. Europe/Paris.")] = "UTC",
    key: Annotated[str, typer.Option(help="Idempotency-Key: the same key makes one blog.")] = "",
    url: Url = "",
    token: ApiToken = "",
    as_json: AsJson = False,
) -> None:
    """Make a live blog."""
    byline = byline or []
    if url:
        body = {
            "slug": slug, "headline": headline, "standfirst": standfirst, "bylines": byline, "status": status,
            "language": language, "time_zone": time_zone,
        }
        made = send(url, "/blogs", body, token=token, key=key)
    else:
        from server.cli.local_database import on_desk

        made = on_desk(
            lambda desk: _create(
                desk, slug, key=key, headline=headline, standfirst=standfirst,
                bylines=tuple(Byline.by_name(name) for name in byline), status=status,
                language=language, time_zone=time_zone,
            )
        )
    say(made, f"Made [bold]/live/{made['slug']}[/bold]", as_json=as_json)


async def _create(desk: Desk, slug: str, *, key: str, status: str, **fields: Any) -> dict[str, Any]:
    from server.newsroom import blogs

    # loaded by those who write here only: they know every time zone
    from server.web.api import request_models, validation

    asked = validation.checked(request_models.BlogBody, {"slug": slug, "status": status, **fields})
    furniture = blogs.Furniture(status=asked.status, **{name: getattr(asked, name) for name in fields})
    written = await blogs.create(desk, SYSTEM, slug, furniture, key=key or None)
    return written.blog.to_json(newsroom=True) | {"position": str(written.position)}
