"""`stoppress user add|list|reset`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.output import AsJson, print_json, say, show, table
from server.domain.errors import Invalid, NotFound
from server.domain.permissions import ROLES, SYSTEM, Role

if TYPE_CHECKING:
    from server.newsroom.desk import Desk

app = typer.Typer(no_args_is_help=True, help="People of the newsroom.")
Username = Annotated[str, typer.Argument(help="The name to log in with.")]
Password = Annotated[
    str, typer.Option(help="The password; `-` reads it from standard input; without it one is made.")
]


@app.callback()
def _group() -> None:
    """People of the newsroom."""


@app.command()
def add(
    username: Username,
    role: Annotated[str, typer.Option(help="contributor, editor or admin, for all blogs; or none.")] = "editor",
    blog: Annotated[list[str] | None, typer.Option(help="SLUG=ROLE, for one blog; may be repeated.")] = None,
    name: Annotated[str, typer.Option(help="The name as it stands under what they write.")] = "",
    password: Password = "",
    as_json: AsJson = False,
) -> None:
    """Add somebody."""
    from server.cli.first_login import new_password
    from server.cli.local_database import on_desk
    from server.newsroom import people

    given = _read(password)
    chosen = given or new_password()
    whole = None if role == "none" else _role(role, "role")
    pairs = [b.partition("=") for b in blog or []]
    by_blog = {slug: _role(held, "blog") for slug, _, held in pairs}

    async def work(desk: Desk) -> dict[str, Any]:
        user = await people.create_user(
            desk, SYSTEM, username, password=chosen, name=name, role=whole, blog_roles=by_blog
        )
        return user.to_json()

    made = on_desk(work)
    if not given:
        made["password"] = chosen
    shown = "" if given else f", password [bold]{chosen}[/bold]"
    say(made, f"Added {made['username']}{shown}", as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show everybody."""
    from server.cli.local_database import on_desk
    from server.store import people as stored

    async def work(desk: Desk) -> list[dict[str, Any]]:
        async with desk.database.read() as connection:
            slugs = await stored.slugs(connection)
            return [u.to_json(slugs) for u in await stored.all_users(connection)]

    rows = on_desk(work)
    if as_json:
        print_json({"users": rows})
        return
    cells = [
        [r["username"], r["name"], r["role"], ", ".join(f"{b}: {x}" for b, x in r["blog_roles"].items()),
         "yes" if r["active"] else "no"]
        for r in rows
    ]
    show(table("Users", ["user name", "name", "role", "blogs", "active"], cells))


@app.command()
def reset(username: Username, password: Password = "", as_json: AsJson = False) -> None:
    """Give somebody another password, and end all of that person's sessions."""
    from server.cli.first_login import new_password
    from server.cli.local_database import on_desk
    from server.newsroom import people
    from server.store import people as stored

    given = _read(password)
    chosen = given or new_password()

    async def work(desk: Desk) -> None:
        async with desk.database.read() as connection:
            user = await stored.user_by_name(connection, username)
        if user is None:
            raise NotFound("User not found.")
        await people.set_password(desk, SYSTEM, user.id, chosen)

    on_desk(work)
    shown = "" if given else f", password [bold]{chosen}[/bold]"
    data = {"username": username} | ({} if given else {"password": chosen})
    say(data, f"Reset {username}{shown}", as_json=as_json)


def _read(password: str) -> str:
    return sys.stdin.readline().rstrip("\r\n") if password == "-" else password  # noqa: S105 (a marker)


def _role(text: str, field: str) -> Role:
    if text not in ROLES:
        raise Invalid.field(field, f"one of {', '.join(ROLES)}")
    return text
