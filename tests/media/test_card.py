"""The card of what has no picture: its words, in every direction, and nothing in place of letters it lacks."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops

from server.media import card

FONTS = Path(__file__).parent.parent.parent / "static" / "fonts"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft "


@cache
def fonts() -> tuple[bytes, ...]:
    names = ("newsreader-display", "newsreader-display-ext", "noto-naskh-arabic")
    return tuple(next(FONTS.glob(f"{name}.*.woff2")).read_bytes() for name in names)


def drawn(title: str, *, right_to_left: bool = False, above: str = "") -> Image.Image:
    data = card.draw(title, "The Courier", above, fonts=fonts(), right_to_left=right_to_left)
    return Image.open(io.BytesIO(data)).convert("RGB")


def words(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The box of the ink below the line under the newsroom's name."""
    paper = Image.new("RGB", picture.size, card.PAPER)
    ink = ImageChops.difference(picture, paper).convert("L").point(lambda value: 255 * (value > 40))
    return ink.crop((0, 160, card.WIDTH, card.HEIGHT)).getbbox()


def test_a_headline_stands_within_the_edges() -> None:
    for title in ("Storm", "Storm reaches the coast, ferries stop and schools close " * 3, LONG * 4):
        box = words(drawn(title))
        assert box is not None
        assert box[0] >= card.EDGE - 4 and box[2] <= card.WIDTH - card.EDGE + 4
        assert box[3] <= card.HEIGHT - 160 - 20


def test_arabic_is_joined_and_begins_at_the_right() -> None:
    box = words(drawn("العاصفة", right_to_left=True))
    apart = words(drawn("ا ل ع ا ص ف ة".replace(" ", "\u200c"), right_to_left=True))
    assert box is not None and apart is not None
    assert abs(box[2] - (card.WIDTH - card.EDGE)) < 12
    assert box[2] - box[0] < apart[2] - apart[0], "letters that are joined take less room"


def test_each_run_of_a_line_has_its_direction() -> None:
    setter = card.Setter(fonts(), 40, right_to_left=True)
    found = [(run, way) for run, _, way in setter.runs("هدنة 72 ساعة (Stop Press).") if run.strip()]
    assert found == [
        ("هدنة", "rtl"), ("72", "ltr"), ("ساعة", "rtl"), ("(", "rtl"), ("Stop Press", "ltr"), (")", "rtl"),
        (".", "rtl"),
    ]
    setter = card.Setter(fonts(), 40, right_to_left=False)
    assert [(run, way) for run, _, way in setter.runs("In Gdańsk: هدنة الآن")][-1] == ("هدنة الآن", "rtl")


def test_letters_that_no_typeface_has_are_left_out() -> None:
    assert words(drawn("世界のニュース")) is None
    assert words(drawn("Gdańsk")) is not None
    assert words(drawn("世界", above="Storm")) is not None
