"""Bylines, topics and the language of an entry in the plain console, by a plain HTTP client."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx2
import pytest
from PIL import Image

from server.domain.permissions import SYSTEM
from server.newsroom import people
from server.web.console import entry_form
from tests.support.app import Running, running
from tests.web.console.test_console import CAST, PASSWORD, hidden, logged_in

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def server(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("bylines")) as started:
        await started.blog()
        for name, role in CAST.items():
            await people.create_user(
                started.desk, SYSTEM, name, password=PASSWORD, name=name.title(), role=role
            )
        yield started


@pytest.fixture(scope="module")
async def ada(server: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with logged_in(server, "ada") as client:
        yield client


@pytest.fixture(scope="module")
async def eddy(server: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with logged_in(server, "eddy") as client:
        yield client


async def kept(server: Running) -> dict[str, dict[str, Any]]:
    found = (await server.http.get("/api/v1/bylines")).json()["bylines"]
    return {byline["name"]: byline for byline in found}


def portrait() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(buffer, "PNG")
    return buffer.getvalue()


async def test_a_byline_is_added_changed_chosen_and_removed(
    server: Running, eddy: httpx2.AsyncClient
) -> None:
    form = {"name": "Ada Byron", "role": "Reporter", "place": "Turin", "url": "https://ada.example/"}
    answer = await eddy.post("/console/bylines", data=form | {"do": "create"}, files={"picture": portrait()})
    assert "Byline added." in answer.text
    made = (await kept(server))["Ada Byron"]
    assert (made["role"], made["place"], made["url"]) == ("Reporter", "Turin", "https://ada.example/")
    assert made["picture"]
    form = {"body": "Rain", "byline": "ada byron", "do": "publish"}
    assert (await eddy.post("/console/blogs/storm", data=form)).status_code == 200
    entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
    assert (entry["bylines"][0]["place"], entry["bylines"][0]["picture"]) == ("Turin", made["picture"])

    path = f"/console/bylines/{made['id']}"
    page = (await eddy.get(path)).text
    assert "/media/" in page
    loaded = {f"loaded-{name}": hidden(page, f"loaded-{name}") for name in ("name", "role", "place", "url")}
    # somebody else changes the place meanwhile: it stays
    await server.http.patch(f"/api/v1/bylines/{made['id']}", json={"place": "Milan"})
    same = {name: loaded[f"loaded-{name}"] for name in ("name", "place", "url")}
    answer = await eddy.post(path, data=same | loaded | {"role": "Editor", "picture_remove": "1", "do": "save"})
    assert "Saved." in answer.text
    after = (await kept(server))["Ada Byron"]
    assert (after["role"], after["place"], after["picture"]) == ("Editor", "Milan", "")

    assert "Byline removed." in (await eddy.post(f"{path}/remove")).text
    assert "Ada Byron" not in await kept(server)
    entry = (await server.http.get("/api/v1/blogs/storm/entries")).json()["entries"][0]
    assert entry["byline"] == "Ada Byron"


async def test_a_name_with_a_comma_is_one_name(server: Running, eddy: httpx2.AsyncClient) -> None:
    await server.http.post("/api/v1/bylines", json={"name": "King, Martin"})
    await server.blog("commas", bylines=["King, Martin", "Fay"])
    for path in ("/console/blogs/commas", "/console/blogs/commas/furniture"):
        assert '<option value="&#34;King, Martin&#34;">' in (await eddy.get(path)).text
    form = {"body": "Rain", "byline": '"King, Martin", Gil', "do": "publish"}
    assert (await eddy.post("/console/blogs/commas", data=form)).status_code == 200
    entry = (await server.http.get("/api/v1/blogs/commas/entries")).json()["entries"][0]
    assert [b["name"] for b in entry["bylines"]] == ["King, Martin", "Gil"]
    assert not {"King", "Martin"} & (await kept(server)).keys()


async def test_what_is_wrong_with_a_byline_is_named_and_kept(
    server: Running, eddy: httpx2.AsyncClient
) -> None:
    await eddy.post("/console/bylines", data={"name": "Bea", "do": "create"})
    for form, field, said in (
        ({"name": " ", "role": "Reporter"}, "name", "Name"),
        ({"name": "BEA", "role": "Reporter"}, "name", "already"),
        ({"name": "Cem", "role": "Reporter", "url": "nowhere"}, "url", "Link"),
    ):
        answer = await eddy.post("/console/bylines", data=form | {"do": "create"})
        assert answer.status_code in (409, 422), form
        assert f'id="{field}-wrong"' in answer.text, form
        assert said in answer.text
        assert 'value="Reporter"' in answer.text
    assert "Cem" not in await kept(server)


async def test_only_editors_for_all_blogs_keep_bylines(server: Running) -> None:
    async with logged_in(server, "connie") as client:
        assert "/console/bylines" not in (await client.get("/console")).text
        assert (await client.get("/console/bylines")).status_code == 403
        assert (await client.post("/console/bylines", data={"name": "Dee", "do": "create"})).status_code == 403
        made = (await server.http.post("/api/v1/bylines", json={"name": "Eve"})).json()
        assert (await client.get(f"/console/bylines/{made['id']}")).status_code == 403
        assert (await client.post(f"/console/bylines/{made['id']}/remove")).status_code == 403
    assert "Eve" in await kept(server)


async def test_topics_of_the_blog_are_chosen_in_an_entry(server: Running, eddy: httpx2.AsyncClient) -> None:
    await server.blog("topics")
    path = "/console/blogs/topics/furniture"
    page = (await eddy.get(path)).text
    form = {"headline": "Storm", "language": "en", "time_zone": "UTC", "status": "live"}
    form |= {"revision": hidden(page, "revision"), "topics": "Roads\nRail <1>\n\nSchools", "do": "save"}
    assert (await eddy.post(path, data=form)).status_code == 200
    assert (await server.http.get("/api/v1/blogs/topics")).json()["topics"] == ["Roads", "Rail <1>", "Schools"]
    twice = form | {"topics": "Roads\nroads", "revision": "2"}
    assert '<a href="#topics">Topics</a>: item 2' in (await eddy.post(path, data=twice)).text

    page = unescape((await eddy.get("/console/blogs/topics")).text)
    boxes = {v: n for n, v in re.findall(r'name="(topic-\w+)" value="([^"]+)"', page)}
    assert list(boxes) == ["Roads", "Rail <1>", "Schools"]
    chosen = {boxes["Rail <1>"]: "Rail <1>", "topics": "1"}
    previewed = await eddy.post("/console/blogs/topics", data={"body": "Late", "do": "preview"} | chosen)
    assert re.search(rf'name="{boxes["Rail <1>"]}"[^>]* checked', previewed.text)
    await eddy.post("/console/blogs/topics", data={"body": "Late", "do": "publish"} | chosen)
    entry = (await server.http.get("/api/v1/blogs/topics/entries")).json()["entries"][0]
    assert entry["topics"] == ["Rail <1>"]
    path = f"/console/blogs/topics/entries/{entry['id']}"
    assert re.search(rf'name="{boxes["Rail <1>"]}"[^>]* checked', (await eddy.get(path)).text)
    await eddy.post(path, data={"body": "Late", "topics": "1", "revision": "1", "do": "save"})
    assert (await server.http.get(f"/api/v1/blogs/topics/entries/{entry['id']}")).json()["topics"] == []


async def test_an_entry_may_be_in_another_language(server: Running, eddy: httpx2.AsyncClient) -> None:
    await server.blog("tongues", language="en")
    form = {"body": 'Er sagte "nein"', "language": "de", "do": "publish"}
    assert (await eddy.post("/console/blogs/tongues", data=form)).status_code == 200
    entry = (await server.http.get("/api/v1/blogs/tongues/entries")).json()["entries"][0]
    assert (entry["language"], entry["blocks"][0]["html"]) == ("de", "<p>Er sagte „nein“</p>")
    path = f"/console/blogs/tongues/entries/{entry['id']}"
    assert 'name="language" type="text" value="de"' in (await eddy.get(path)).text
    # a form that does not have the field writes in the entry's language too
    await eddy.post(path, data={"body": 'Sie sagte "ja"', "revision": "1", "do": "save"})
    after = (await server.http.get(f"/api/v1/blogs/tongues/entries/{entry['id']}")).json()
    assert (after["language"], after["blocks"][0]["html"]) == ("de", "<p>Sie sagte „ja“</p>")
    wrong = await eddy.post("/console/blogs/tongues", data=form | {"language": "German!"})
    assert '<a href="#language">Language</a>' in wrong.text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/console/users", {"username": "nia", "name": "Nia", "password": PASSWORD, "role": "admin"}),
        ("/console/tokens", {"name": "wire", "role": "admin"}),
        ("/console/bylines", {"name": "Half a name"}),
        ("/console/pictures", {"picture_alt": "A pier"}),
    ],
)
async def test_the_default_button_of_the_other_forms_writes_nothing(
    server: Running, ada: httpx2.AsyncClient, path: str, form: dict[str, str]
) -> None:
    page = (await ada.get(path)).text
    shown = page[re.search("data-keys|data-draft", page).start() :]  # type: ignore[union-attr]
    assert re.search(r"<button[^>]*value=\"(\w+)\"", shown)[1] == "stay"  # type: ignore[index]
    answer = await ada.post(path, data=form | {"do": "stay"})
    assert answer.status_code == 200
    assert "Nothing is saved yet." in answer.text
    for name, value in form.items():
        assert name in ("password", "role") or f'value="{value}"' in answer.text
    assert "nia" not in [u["username"] for u in (await server.http.get("/api/v1/users")).json()["users"]]
    assert "wire" not in [t["name"] for t in (await server.http.get("/api/v1/tokens")).json()["tokens"]]
    assert "Half a name" not in await kept(server)


async def test_the_default_button_of_a_users_forms_writes_nothing(
    server: Running, ada: httpx2.AsyncClient
) -> None:
    users = (await server.http.get("/api/v1/users")).json()["users"]
    connie = next(user for user in users if user["username"] == "connie")
    async with logged_in(server, "connie") as client:
        for more, sent in (("", {"name": "Half", "role": ""}), ("/password", {"password": "another long one"})):
            answer = await ada.post(f"/console/users/{connie['id']}{more}", data=sent | {"do": "stay"})
            assert answer.status_code == 200
            assert "Nothing is saved yet." in answer.text
        assert (await client.get("/console")).url.path == "/console", "the session went on"
    assert connie in (await server.http.get("/api/v1/users")).json()["users"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada, Bea", ["Ada", "Bea"]), ("Ada\nBea,, ", ["Ada", "Bea"]), ('"King, Martin"', ["King, Martin"]),
        ('Ada , "King, M." ,Bea', ["Ada", "King, M.", "Bea"]), ('Dwayne "Rock" J', ['Dwayne "Rock" J']),
        ('"Rock" J, Bea', ['"Rock" J', "Bea"]), ('"King, Martin', ['"King', "Martin"]), ('""', []), (" ", []),
    ],
)
def test_names_in_a_field(text: str, names: list[str]) -> None:
    assert entry_form.names(text) == names


def test_names_come_back_from_the_field_as_they_were() -> None:
    names = ["Ada", "King, Martin", 'Dwayne "Rock" J']
    assert entry_form.names(entry_form.in_line(names)) == names


async def test_role_and_place_of_a_byline_are_those_of_one_entry(
    server: Running, eddy: httpx2.AsyncClient
) -> None:
    await server.blog("parts")
    await server.http.post("/api/v1/bylines", json={"name": "Hal", "role": "Reporter", "place": "Cork"})
    compose = "/console/blogs/parts"
    form = {"body": "Rain", "byline": "Hal, Ida", "do": "publish"}
    for lines, said in (
        ("Joe | Editor", "line 1: “Joe” is none of the bylines"), ("Hal | a | b | c", "line 1: more than"),
        ("Hal | a\n\nhal | b", "line 3: “hal” comes twice"), (f"Ida | {'x' * 999}", "item 2"),
    ):
        answer = await eddy.post(compose, data=form | {"byline_parts": lines})
        assert answer.status_code == 422
        assert said in answer.text and 'href="#byline_parts"' in answer.text
        assert f"{lines}</textarea>" in answer.text
    previewed = await eddy.post(compose, data=form | {"byline_parts": "Ida | Guest | Rome", "do": "preview"})
    assert "Ida | Guest | Rome</textarea>" in previewed.text
    answer = await eddy.post(compose, data=form | {"byline_parts": "Hal | Weather desk\nIda | | Rome"})
    assert answer.status_code == 200, answer.text

    async def parts() -> list[tuple[str, str, str]]:
        entry = (await server.http.get("/api/v1/blogs/parts/entries")).json()["entries"][0]
        return [(b["name"], b["role"], b["place"]) for b in entry["bylines"]]

    assert await parts() == [("Hal", "Weather desk", "Cork"), ("Ida", "", "Rome")]
    assert (await kept(server))["Hal"]["role"] == "Reporter"
    entry = (await server.http.get("/api/v1/blogs/parts/entries")).json()["entries"][0]
    path = f"{compose}/entries/{entry['id']}"
    page = (await eddy.get(path)).text
    assert "Hal | Weather desk | Cork\nIda |  | Rome</textarea>" in page
    form |= {"revision": "1", "do": "save"}
    answer = await eddy.post(path, data=form | {"byline_parts": "Hal | | Bray\n"})
    assert answer.status_code == 200, answer.text
    assert await parts() == [("Hal", "", "Bray"), ("Ida", "", "")]
