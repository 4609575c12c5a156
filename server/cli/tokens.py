"""`stoppress token add|list|revoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.output import AsJson, print_json, say, show, table
from server.domain.errors import Invalid, NotFound
from server.domain.permissions import ROLES, SYSTEM

if TYPE_CHECKING:
    from server.domain.person import Token
    from server.newsroom.desk import Desk

app = typer.Typer(no_args_is_help=True, help="API tokens.")
Name = Annotated[str, typer.Argument(help="What the token is for; names are never used twice.")]


@app.callback()
def _group() -> None:
    """API tokens."""


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="contributor, editor or admin.")],
    blog: Annotated[str, typer.Option(help="Only for the blog with this slug.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once."""
    from server.cli.local_database import on_desk
    from server.newsroom import people

    if role not in ROLES:
        raise Invalid.field("role", f"one of {', '.join(ROLES)}")

    async def work(desk: Desk) -> tuple[Token, str]:
        return await people.create_token(desk, SYSTEM, name, role, blog=blog or None)

    token, plain = on_desk(work)
    say({"token": plain, **token.to_json(blog or None)}, f"[bold]{plain}[/bold]", as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show every token, without its secret."""
    from server.cli.local_database import on_desk

    rows = on_desk(_all)
    if as_json:
        print_json({"tokens": rows})
        return
    columns = ["name", "role", "blog", "made_by", "created_at", "used_at", "revoked_at"]
    show(table("Tokens", columns, [[r[c] for c in columns] for r in rows]))


@app.command()
def revoke(name: Name, as_json: AsJson = False) -> None:
    """End a token at once."""
    from server.cli.local_database import on_desk
    from server.newsroom import people

    async def work(desk: Desk) -> None:
        found = [t for t in await _all(desk) if t["name"] == name]
        if not found:
            raise NotFound("Token not found.")
        await people.revoke_token(desk, SYSTEM, found[0]["id"])

    on_desk(work)
    say({"revoked": name}, f"Revoked {name}", as_json=as_json)


async def _all(desk: Desk) -> list[dict[str, Any]]:
    from server.store import people as stored

    async with desk.database.read() as connection:
        slugs = await stored.slugs(connection)
        makers = await stored.makers(connection)
        return [
            t.to_json(slugs.get(t.blog_id or ""), makers.get(t.author_id or ""))
            for t in await stored.all_tokens(connection)
        ]
