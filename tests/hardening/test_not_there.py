"""What somebody may not know of looks like what is not there: status, headers and body are the same, but for
the address that was asked for."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from starlette.routing import Route

from server.auth.throttle import Throttle
from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web import routes
from server.web.api.route_table import OPERATIONS
from server.web.authenticate import COOKIE
from tests.support.app import Running, running

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
HIDDEN, NOWHERE = "secretly", "absent"
ABSENT_ID = "aaaaaaaaaaaaaaaa"
VARYING = {"date", "server-timing"}
CALLERS = ["nobody", "editor elsewhere", "contributor elsewhere", "contributor there"]
BODIES: list[dict[str, Any]] = [
    {"json": {}},
    {"json": {"title": "Words", "body": "Words", "headline": "Words", "status": "draft"}},
    {"data": {"title": "Words", "body": "Words", "revision": "1", "do": "publish", "headline": "Words"}},
]


@dataclass
class Scene:
    """A draft blog with an entry and a picture; and who may not know of them."""

    server: Running
    cookies: dict[str, str]
    ids: dict[str, str]

    def client(self, who: str) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.cookies[who]}"} if who in self.cookies else {}


@pytest.fixture(scope="module")
async def scene(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with running(tmp_path_factory.mktemp("not-there")) as server:
        server.site.throttle.__init__(by_name=10**6, by_address=10**6)  # type: ignore[misc]
        assert isinstance(server.site.throttle, Throttle)
        await server.blog("elsewhere")
        await server.blog("secretly", status="draft")
        entry = await server.post("secretly", status="draft")
        shown = await server.post("secretly")
        picture = await server.http.post("/api/v1/media", files={"file": ("a.gif", PICTURE)})
        item = picture.json()
        await server.post("secretly", status="draft", blocks=[
            {"type": "image", "media_id": item["id"], "decorative": True}
        ])
        cookies = {}
        roles: dict[str, Any] = {
            "editor elsewhere": {"elsewhere": "editor"}, "contributor elsewhere": {"elsewhere": "contributor"},
            "contributor there": {"secretly": "contributor"},
        }
        for index, (who, held) in enumerate(roles.items()):
            await people.create_user(
                server.desk, SYSTEM, f"user{index}", password=PASSWORD, blog_roles=held, name="Somebody"
            )
            cookies[who], _ = await people.log_in(server.desk, f"user{index}", PASSWORD, days=1)
        yield Scene(server, cookies, {"entry": entry["id"], "shown": shown["id"], "media": item["id"]})


PICTURE = bytes.fromhex(
    "47494638396101000100800000ff0000ffffff21f90400000000002c00000000010001000002024401003b"
)


def pairs(scene: Scene, who: str) -> list[tuple[str, str]]:
    """Addresses of what this caller may not know of, each with one of the same kind that is not there."""
    found = []
    for route in routes.table():
        if not isinstance(route, Route):
            continue
        path = route.path.replace("{name}", "full")
        if "{media_id}" in path:
            found.append(tuple(path.replace("{media_id}", i) for i in (scene.ids["media"], ABSENT_ID)))
        elif path == "/api/v1/media/{id}":
            found.append((path.replace("{id}", scene.ids["media"]), path.replace("{id}", ABSENT_ID)))
        elif "{slug}" in path and who == "contributor there":
            if "{id}" in path:  # an entry of somebody else that is not published
                here = path.replace("{slug}", HIDDEN)
                found.append((here.replace("{id}", scene.ids["entry"]), here.replace("{id}", ABSENT_ID)))
        elif "{slug}" in path:
            ids = (scene.ids["entry"], scene.ids["shown"], ABSENT_ID) if "{id}" in path else ("",)
            for id_ in ids:
                filled = path.replace("{id}", id_)
                found.append((filled.replace("{slug}", HIDDEN), filled.replace("{slug}", NOWHERE)))
    return found


def same(answer: httpx2.Response, path: str, scene: Scene) -> tuple[Any, ...]:
    """What must not differ: all but the echo of the address."""
    text = answer.text
    for part in (path, *(i for i in path.split("/") if i in {HIDDEN, NOWHERE, ABSENT_ID, *scene.ids.values()})):
        text = text.replace(part, "…")
    headers = {
        name: re.sub(f"{HIDDEN}|{NOWHERE}|{ABSENT_ID}|{'|'.join(scene.ids.values())}", "…", value)
        for name, value in answer.headers.items() if name not in VARYING
    }
    # the echoed names have other lengths
    headers.pop("content-length", None)
    text = re.sub(r'value="[a-z2-7]{16}"', "…", text)
    return answer.status_code, headers, text


@pytest.mark.parametrize("who", CALLERS)
async def test_what_is_not_yours_looks_like_what_is_not_there(scene: Scene, who: str) -> None:
    different = []
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", query, {}) for query in ("", "?feed=newsroom", f"?entry={ABSENT_ID}", "?status=x")
    ]
    asked += [(method, "", sent) for method in ("POST", "PATCH") for sent in BODIES] + [("DELETE", "", {})]
    for (path, absent), (method, query, sent) in itertools.product(pairs(scene, who), asked):
        headers = scene.client(who) | {"If-Match": '"1"'}
        headers |= {"Accept": "text/html"} if "data" in sent or "console" in path else {}
        answers = [
            same(await scene.server.anonymous.request(method, p + query, headers=headers, **sent), p, scene)
            for p in (path, absent)
        ]
        if answers[0] != answers[1]:
            what = [(one[0], one[1], one[2][:300]) for one in answers]
            different.append((method, path + query, sent, what))
    assert not different, "\n".join(map(str, different))


async def test_a_wrong_token_hears_the_same_of_a_draft_as_of_none(scene: Scene) -> None:
    """Where a token is asked for only once the blog is found, the error about it tells that there is one."""
    wrong = {"Authorization": "Bearer wrong"}
    for path, absent in pairs(scene, "nobody"):
        answers = [
            same(await scene.server.anonymous.get(p, headers=wrong), p, scene) for p in (path, absent)
        ]
        assert answers[0] == answers[1], path


@pytest.mark.parametrize("who", CALLERS[:3])
async def test_a_hidden_blog_is_not_named_by_what_takes_a_slug(scene: Scene, who: str) -> None:
    """Making a blog tells that a slug is taken only to those who may make blogs."""
    answers = [
        await scene.server.anonymous.post(
            "/api/v1/blogs", json={"slug": slug, "headline": "Words"}, headers=scene.client(who)
        )
        for slug in (HIDDEN, NOWHERE)
    ]
    assert answers[0].status_code == answers[1].status_code in (401, 403)


@pytest.mark.parametrize("who", CALLERS)
async def test_who_may_not_post_is_told_before_the_body_is_read(scene: Scene, who: str) -> None:
    """A body that cannot be read is no matter of theirs. Log-ins and one's own password are open to all."""
    tried = 0
    for operation in OPERATIONS:
        if not (operation.takes or operation.uploads) or operation.who in ("anyone", "oneself"):
            continue
        allowed = {"contributor there": {"contributor"}}.get(who, set())
        if operation.who in allowed or ("media" in operation.path and who != "nobody"):
            continue
        path = "/api/v1" + operation.path.format(slug=HIDDEN, id=scene.ids["entry"])
        answer = await scene.server.anonymous.request(
            operation.method, path, content=b"{", headers=scene.client(who) | {"Content-Type": "text/junk"}
        )
        tried += 1
        assert answer.status_code in (401, 403, 404), (operation.path, answer.text)
    for page in ("presence", "preview", "furniture", "entries/none"):
        answer = await scene.server.anonymous.post(
            f"/console/blogs/{HIDDEN}/{page}", content=b"{",
            headers=scene.client(who) | {"Content-Type": "text/junk", "Accept": "application/json"},
        )
        if who != "contributor there" or page in ("furniture", "entries/none"):
            assert answer.status_code in (401, 403, 404), (page, answer.text)
    assert tried > 4


@pytest.mark.parametrize("who", ["anonymous", "contributor there"])
async def test_an_unpublished_entry_of_a_public_blog_is_not_there(scene: Scene, who: str) -> None:
    draft = await scene.server.post("elsewhere", status="draft")
    addresses = [
        route.path.replace("{slug}", "elsewhere").replace("{revision}", "1").replace("{id}", "{}")
        for route in routes.table()
        if isinstance(route, Route) and "{slug}" in route.path and "{id}" in route.path
    ]
    page = "/live/elsewhere/entries/{}"
    for address in (*addresses, "/live/elsewhere?entry={}", f"/oembed?url={scene.server.url}{page}"):
        answers = []
        for id_ in (draft["id"], ABSENT_ID):
            answer = await scene.server.anonymous.get(address.format(id_), headers=scene.client(who))
            answers.append((answer.status_code, answer.text.replace(id_, ABSENT_ID)))
        assert answers[0] == answers[1], address
