"""Between an entry's media and the pieces of the form: one for each picture, video and embed. The pictures of a
gallery are pieces one after the other, of which all but the first are `joined` to the one before.

A piece is the block's JSON with its `place` in the entry; the focal point is typed text in per cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.domain import blocks
from server.domain.blocks import Block, Gallery, Image
from server.domain.errors import FieldError, Invalid

Piece = dict[str, Any]
FOCAL = ("focal_x", "focal_y")
NOT_A_SHARE = "a number from 0 to 100, or empty"
_OF_THE_FORM = ("place", "joined")


def of(block: Block, place: int | None) -> list[Piece]:
    """The pieces of one block."""
    if isinstance(block, Gallery):
        return [_picture(image, place, joined=n > 0) for n, image in enumerate(block.images)]
    if isinstance(block, Image):
        return [_picture(block, place, joined=False)]
    return [blocks.to_json(block) | {"place": place}]


def _picture(image: Image, place: int | None, *, joined: bool) -> Piece:
    focal = {name: per_cent(getattr(image, name)) for name in FOCAL}
    return blocks.to_json(image) | focal | {"place": place, "joined": joined}


def per_cent(share: float | None) -> str:
    """The text of a share from 0 to 1 in the form; empty for the middle."""
    return "" if share is None else f"{share * 100:.4f}".rstrip("0").rstrip(".")


def to_blocks(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """The blocks that the pieces ask for, as JSON. Raises Invalid for a focal point that is none."""
    wrong = [
        FieldError(f"blocks.{n}.{name}", NOT_A_SHARE)
        for n, piece in enumerate(pieces) for name in FOCAL
        if name in piece and _share(piece[name]) is False
    ]
    if wrong:
        raise Invalid(*wrong)
    return [_block([pieces[n] for n in run]) for run in _runs(pieces)]


def shares(typed: Mapping[str, str]) -> dict[str, float | None]:
    """The shares from 0 to 1 that were typed in per cent. Raises Invalid, naming the field."""
    found = {name: _share(text) for name, text in typed.items()}
    wrong = [FieldError(name, NOT_A_SHARE) for name, share in found.items() if share is False]
    if wrong:
        raise Invalid(*wrong)
    return {name: None if share is False else share for name, share in found.items()}


def places(pieces: Sequence[Piece]) -> list[int | None]:
    """Where each block of `to_blocks` stood in the entry. No place comes twice."""
    found: list[int | None] = []
    for run in _runs(pieces):
        place = pieces[run[0]].get("place")
        found.append(place if isinstance(place, int) and place not in found else None)
    return found


def located(error: Invalid, pieces: Sequence[Piece]) -> Invalid:
    """An error about the blocks of `to_blocks`, with the pieces that it is about: `blocks.0.images.2.alt` is
    `blocks.2.alt`."""
    runs = _runs(pieces)
    return Invalid(*(FieldError(_located(f.field, runs), f.message) for f in error.fields))


def _located(path: str, runs: Sequence[Sequence[int]]) -> str:
    name, *rest = path.split(".")
    if name != "blocks" or not rest or not rest[0].isdigit() or int(rest[0]) >= len(runs):
        return path
    run, part = runs[int(rest[0])], rest[1:]
    if part[:1] != ["images"]:
        return ".".join([name, str(run[0]), *part])
    if len(part) < 2 or not part[1].isdigit() or int(part[1]) >= len(run):
        return f"{name}.{run[0]}.joined"
    return ".".join([name, str(run[int(part[1])]), *part[2:]])


def _runs(pieces: Sequence[Piece]) -> list[list[int]]:
    """The indexes of the pieces that make one block each."""
    runs: list[list[int]] = []
    for n, piece in enumerate(pieces):
        if n and piece.get("joined") and piece["type"] == pieces[n - 1]["type"] == "image":
            runs[-1].append(n)
        else:
            runs.append([n])
    return runs


def _block(run: Sequence[Piece]) -> dict[str, Any]:
    made = [{k: _share(v) if k in FOCAL else v for k, v in p.items() if k not in _OF_THE_FORM} for p in run]
    if len(made) == 1:
        return made[0]
    return {"type": "gallery", "images": [{k: v for k, v in m.items() if k != "type"} for m in made]}


def _share(text: str) -> float | bool | None:
    """From 0 to 1; None for an empty text, False for one that is no number from 0 to 100."""
    text = text.strip().removesuffix("%").strip().replace(",", ".")
    if not text:
        return None
    try:
        share = round(float(text) / 100, 6)
    except ValueError:
        return False
    return share if 0 <= share <= 1 else False

