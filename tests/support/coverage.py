"""A newsroom's coverage as readers may meet it: blogs in every state and pages of every kind, for tests that
look at all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.app import Running

HEADLINE = "Aid lorries cross the Hallin Bridge for the first time in six weeks"
STANDFIRST = (
    "Forty-two lorries are carrying food, medicine and fuel to three towns in the Tamsin valley during a "
    "72-hour pause in the fighting."
)
DEVELOPMENTS = [
    "All 42 lorries are over the bridge; the first eight are unloading in Dorrin",
    "The hospital has had its first delivery of fuel in 43 days",
    "Rain may close the road to Upper Maro before morning",
    "Three governments have pledged 64 million crowns",
    "The pause ends at noon on Saturday unless both sides extend it",
    "Schools in Ashkeel open their kitchens at five",
    "One lorry broke down near Little Hallin; nobody was hurt",
]
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewis"
"""Sixty characters without a place to break."""
ARABIC = "الطرفان يتفقان على تمديد الهدنة ٢٤ ساعة"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Paths by what they show, and the entries of the main blog."""

    paths: dict[str, str]
    entries: list[dict[str, Any]]

    @property
    def main(self) -> str:
        return self.paths["blog"]


async def cover(server: Running, jpeg: bytes) -> Coverage:
    """Write everything; one server can do this once."""
    answer = await server.http.post("/api/v1/media", files={"file": ("hill.jpg", jpeg, "image/jpeg")})
    assert answer.status_code == 201, answer.text
    picture = {
        "type": "image", "media_id": answer.json()["id"], "alt": "A hill", "caption": "The last hill.",
        "credit": "Amira Castell",
    }
    entries = await _live(server, picture)
    await _arabic(server, picture)
    await _long(server)
    await _ended(server, picture)
    await _film(server, picture)
    await server.blog("waiting", headline="Budget day: what changes, hour by hour")
    paths = {
        "front": "/", "blog": "/live/bridge", "arabic": "/live/jisr", "closed": "/live/night",
        "older": "/live/night?before=20", "empty": "/live/waiting", "film": "/live/film", "long": "/live/long",
        "permalink": f"/live/bridge/entries/{entries[-1]['id']}",
        "tombstone": f"/live/bridge/entries/{entries[1]['id']}", "error": "/live/nothing",
        "history": f"/live/bridge/entries/{entries[6]['id']}/history", "search": "/live/bridge?q=convoy",
        "not found": "/live/bridge?q=zebra",
    }
    return Coverage(paths, entries)


async def _live(server: Running, picture: dict[str, Any]) -> list[dict[str, Any]]:
    await server.blog(
        "bridge", headline=HEADLINE, standfirst=STANDFIRST, key_developments=DEVELOPMENTS, lead=picture,
        bylines=[{"name": "Jonas Ferre", "place": "Sannaport"}],
        related=[{"title": "How the valley was cut off", "url": "https://example.org/explained"}],
    )
    video = {"type": "video", "url": "https://video.example.org/1", "title": "The convoy leaves"}
    embed = {"type": "embed", "url": "https://social.example.org/1", "title": "Bring bowls and patience."}
    quote = {"type": "quote", "html": "<p>With the curtains open.</p>", "cite": "Dr Anand"}
    table = "| Town | Lorries |\n|---|---|\n| Dorrin | 8 |\n| Ashkeel | 20 |"
    covered = picture | {"sensitive": True, "warning": "It shows the dead"}
    plain = {name: value for name, value in picture.items() if name != "type"}
    gallery = {"type": "gallery", "images": [plain, plain | {"focal_x": 0.2, "focal_y": 0.8}, plain]}
    made = [
        await server.post("bridge", title="UN to resume aid convoys", key=True),
        await server.post("bridge", title="A wrong report"),
        await server.post("bridge", title="The valley in figures", body=table),
        await server.post("bridge", blocks=[quote, embed], byline="Social desk"),
        await server.post("bridge", title="Watch", blocks=[video, picture]),
        await server.post("bridge", title="In pictures", blocks=[gallery, covered]),
        await server.post("bridge", title="What we know", body="- It holds\n- Nobody was hurt", pinned=True),
        await server.post("bridge", title="Both sides extend the pause", breaking=True, key=True),
    ]
    await server.retract(made[1], "bridge")
    await server.edit(made[6], "bridge", title="What we know so far")
    return made


async def _film(server: Running, picture: dict[str, Any]) -> None:
    """A video at the head."""
    lead = {
        "type": "video", "url": "https://video.example.org/2", "title": HEADLINE, "byline": "Amira Castell",
        "caption": STANDFIRST, "poster": picture["media_id"],
    }
    await server.blog(
        "film", headline=HEADLINE, standfirst=STANDFIRST, key_developments=DEVELOPMENTS, lead=lead,
    )
    await server.post("film", title="The first lorry is on the bridge", key=True)


async def _arabic(server: Running, picture: dict[str, Any]) -> None:
    await server.blog("jisr", language="ar", headline=ARABIC, standfirst=ARABIC, key_developments=[ARABIC] * 3)
    await server.post("jisr", title=ARABIC, body=ARABIC, key=True, breaking=True, byline="لوسيا براندت")
    await server.post("jisr", title=ARABIC, blocks=[picture], pinned=True)


async def _long(server: Running) -> None:
    byline = {"name": LONG_NAME, "role": LONG_NAME, "place": LONG_NAME}
    await server.blog(
        "long", headline=f"{LONG_WORD} zahlt", standfirst=f"{LONG_WORD} {STANDFIRST}", language="de",
        key_developments=[LONG_WORD] * 3, bylines=[byline],
        related=[{"title": LONG_WORD, "url": "https://example.org"}],
    )
    quote = {"type": "quote", "html": f"<p>{LONG_WORD}</p>", "cite": LONG_NAME}
    embed = {"type": "embed", "url": f"https://social.example.org/{LONG_NAME}", "title": LONG_WORD}
    link = f"https://example.org/{LONG_NAME}"
    await server.post("long", title=LONG_WORD, body=link, key=True, bylines=[byline])
    await server.post("long", blocks=[quote, embed], bylines=[byline], breaking=True, pinned=True)


async def _ended(server: Running, picture: dict[str, Any]) -> None:
    await server.blog(
        "night", headline="The night the lights went out", lead=picture, closing_summary="Power is **back**.",
        successor={"title": "What went wrong", "url": "https://example.org/report"},
    )
    for number in range(41):
        await server.post("night", title=f"Report {number}")
    answer = await server.http.patch(
        "/api/v1/blogs/night", json={"status": "closed"}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text
