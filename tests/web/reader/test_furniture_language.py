"""A blog in a language without a catalogue: our own words on its pages are English, and say so."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.support.app import running

pytestmark = pytest.mark.anyio

VOID = {"meta", "link", "img", "input", "br", "hr", "base", "source", "wbr"}
NOT_SHOWN = {"script", "style", "title", "template"}
SAID = {
    "Burza", "Burza nad morzem", "Prom stoi", "Prom płynie", "Wieje.", "Wieje i pada.", "Fala", "Pogoda", "Ada",
    "Prom stoi Wieje.", "Prom płynie Wieje i pada.",
}
TIME = re.compile(r"\d\d:\d\d UTC")
NAMES = {"Stop Press", "RSS", "Atom", "video.example.org"}


class Texts(HTMLParser):
    """The words of a page with the language that each is in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        language = dict(attrs).get("lang") or (self._open[-1][1] if self._open else "")
        if tag not in VOID:
            self._open.append((tag, language))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        words = " ".join(TIME.sub("", data).split())
        if any(letter.isalpha() for letter in words) and not NOT_SHOWN & {tag for tag, _ in self._open}:
            self.found.add((words, self._open[-1][1]))


async def test_english_words_on_a_polish_page_say_that_they_are_english(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        out = io.BytesIO()
        Image.new("RGB", (400, 300)).save(out, "JPEG")
        file = ("a.jpg", out.getvalue(), "image/jpeg")
        answer = await server.http.post("/api/v1/media", files={"file": file})
        plain = {"media_id": answer.json()["id"], "alt": "Fala", "caption": "Fala"}
        picture = {"type": "image", **plain}
        video = {"type": "video", "url": "https://video.example.org/1", "byline": "Ada", "caption": "Fala"}
        await server.blog(
            "burza", language="pl", headline="Burza", standfirst="Burza nad morzem", topics=["Pogoda"],
            lead=video | {"url": "https://video.example.org/1.mp4"},
            key_developments=["Fala"] * 3, bylines=["Ada"], related=[{"title": "Fala", "url": "https://example.org"}],
        )
        entry = await server.post(
            "burza", title="Prom stoi", body="Wieje.", key=True, pinned=True, breaking=True, bylines=["Ada"]
        )
        await server.edit(entry, "burza", title="Prom płynie", body="Wieje i pada.")
        gallery = {"type": "gallery", "images": [plain, plain | {"sensitive": True}]}
        await server.post("burza", body="Wieje.", blocks=[picture, gallery, video])
        gone = await server.post("burza", title="Fala")
        await server.retract(gone, "burza")
        path = f"/live/burza/entries/{entry['id']}"
        for address in (
            "/live/burza", "/live/burza?q=zebra", path, f"/live/burza/entries/{gone['id']}",
            "/live/burza/nothing", f"{path}/history",
        ):
            page = (await server.anonymous.get(address, headers={"Accept": "text/html"})).text
            assert '<html lang="pl"' in page
            parser = Texts()
            parser.feed(page)
            polish = {words for words, language in parser.found if language == "pl"}
            english = {words for words, language in parser.found if language == "en"}
            assert polish - SAID - NAMES == set(), address
            assert english & SAID == set(), address
            assert "All live blogs" in english
        english_page = (await server.anonymous.get("/")).text
        assert english_page.count('lang="en"') == 1, "no page says twice that it is English"
