"""Pieces of the form and the blocks that they stand for."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.blocks import Gallery, Image, Video, to_json
from server.domain.errors import Invalid
from server.web.console import media_pieces

GALLERY = Gallery((Image("a" * 16, "A", focal_x=0.333), Image("b" * 16, "B"), Image("c" * 16, "C")))
ALONE, FILM = Image("d" * 16, "D", sensitive=True), Video("https://x.test/")


def shown() -> list[dict[str, Any]]:
    return [p for place, b in enumerate([GALLERY, ALONE, FILM]) for p in media_pieces.of(b, place)]


def test_pieces_become_the_blocks_that_they_were_made_of() -> None:
    found = shown()
    assert [p.get("joined") for p in found] == [False, True, True, False, None]
    assert found[0]["focal_x"] == "33.3"
    again = media_pieces.to_blocks(found)
    assert again[0]["images"] == to_json(GALLERY)["images"]
    assert again[1:] == [to_json(ALONE), to_json(FILM)]
    assert media_pieces.places(found) == [0, 1, 2]


def test_a_gallery_that_falls_apart_keeps_every_picture() -> None:
    found = shown()
    found[1]["joined"] = False
    blocks = media_pieces.to_blocks(found)
    assert [b["type"] for b in blocks] == ["image", "gallery", "image", "video"]
    assert media_pieces.places(found) == [0, None, 1, 2], "no place is taken twice, so none is lost"


def test_only_pictures_are_joined() -> None:
    found = [*shown()[4:], *shown()[1:2]]
    assert [b["type"] for b in media_pieces.to_blocks(found)] == ["video", "image"]


@pytest.mark.parametrize(("path", "wanted"), [
    ("blocks.0.images.2.alt", "blocks.2.alt"), ("blocks.0.images", "blocks.0.joined"), ("title", "title"),
    ("blocks.1.alt", "blocks.3.alt"), ("blocks.2.url", "blocks.4.url"), ("blocks.9.url", "blocks.9.url"),
])
def test_errors_name_the_piece(path: str, wanted: str) -> None:
    assert media_pieces.located(Invalid.field(path, "no"), shown()).fields[0].field == wanted


@pytest.mark.parametrize("typed", ["101", "-1", "left", "nan", "inf"])
def test_a_focal_point_is_a_share(typed: str) -> None:
    found = shown()
    found[3]["focal_y"] = typed
    with pytest.raises(Invalid) as caught:
        media_pieces.to_blocks(found)
    assert [f.field for f in caught.value.fields] == ["blocks.3.focal_y"]
