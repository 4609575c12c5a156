"""The demo's pictures, drawn in code so that they are free to use."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (1600, 1000)
Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Painter: TypeAlias = Callable[[Image.Image], None]


def draw(name: str) -> bytes:
    """The JPEG of one of the pictures in `_PAINTERS`. The same bytes every time.

    Raises:
        KeyError: there is no such picture.
    """
    picture = Image.new("RGB", SIZE)
    _PAINTERS[name](picture)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=84, optimize=True, progressive=True)
    return out.getvalue()


def _sky(picture: Image.Image, stops: Sequence[Colour]) -> None:
    """A gradient from top to bottom through the colours."""
    strip = Image.new("RGB", (1, len(stops)))
    strip.putdata(list(stops))
    picture.paste(strip.resize(SIZE, Image.Resampling.BICUBIC))


def _glow(picture: Image.Image, centre: Point, radius: int, colour: Colour) -> None:
    """A soft light."""
    mask = Image.new("L", SIZE)
    x, y = centre
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), fill=150)
    picture.paste(Image.new("RGB", SIZE, colour), mask=mask.filter(ImageFilter.GaussianBlur(radius / 1.8)))


def _hills(picture: Image.Image, base: float, height: float, colour: Colour, *, seed: int) -> None:
    """A ridge across the picture, its line found by halving and shifting."""
    chance = random.Random(seed)  # noqa: S311 (a landscape)
    line = [base, base - height * chance.random()]
    step = height
    while len(line) < 257:
        between = [(a + b) / 2 + chance.uniform(-step, step) * 0.35 for a, b in pairwise(line)]
        line = [p for pair in zip(line, between, strict=False) for p in pair] + [line[-1]]
        step *= 0.52
    width = SIZE[0] / (len(line) - 1)
    points = [(i * width, y) for i, y in enumerate(line)]
    ImageDraw.Draw(picture).polygon([(0, SIZE[1]), *points, (SIZE[0], SIZE[1])], fill=colour)


def _harbour(picture: Image.Image) -> None:
    _sky(picture, [(38, 45, 84), (122, 84, 120), (235, 142, 96), (250, 196, 120), (96, 82, 110), (24, 30, 54)])
    _glow(picture, (1080, 590), 190, (255, 226, 160))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 640, 1600, 1000), fill=(34, 40, 66))
    chance = random.Random(7)  # noqa: S311
    for _ in range(240):
        x, y = chance.gauss(1080, 230), chance.uniform(650, 960)
        pen.line((x, y, x + chance.uniform(20, 110), y), fill=(214, 140, 104), width=2)
    ink = (18, 20, 36)
    for x, high in ((140, 300), (330, 350), (520, 280)):
        _crane(pen, x, high, ink)
    pen.polygon([(760, 640), (800, 720), (1400, 720), (1470, 630), (1330, 640)], fill=ink)
    for n in range(9):
        left, high = 830 + n * 52, 640 - 34 * chance.randint(1, 3)
        pen.rectangle((left, high, left + 48, 642), fill=(26 + 6 * (n % 3), 28, 46))
    pen.rectangle((1320, 500, 1400, 640), fill=ink)
    pen.rectangle((0, 700, 640, 1000), fill=ink)


def _crane(pen: ImageDraw.ImageDraw, x: int, top: int, ink: Colour) -> None:
    for leg in (x, x + 90):
        pen.line((leg, top, leg, 710), fill=ink, width=13)
    pen.line((x - 40, top + 90, x + 300, top + 90), fill=ink, width=14)
    pen.line((x + 45, top - 70, x + 290, top + 90), fill=ink, width=5)
    pen.line((x + 45, top - 70, x - 40, top + 90), fill=ink, width=5)
    pen.line((x, 560, x + 90, 450), fill=ink, width=6)
    pen.line((x + 240, top + 90, x + 240, top + 190), fill=ink, width=3)


def _route(picture: Image.Image) -> None:
    picture.paste((232, 226, 210), (0, 0, *SIZE))
    pen = ImageDraw.Draw(picture)
    for n in range(7):
        inset = n * 58
        shade = (222 - n * 7, 216 - n * 6, 194 - n * 9)
        pen.ellipse((820 + inset, -160 + inset * 0.8, 1820 - inset * 0.6, 760 - inset * 0.7), fill=shade)
    pen.polygon([(0, 0), (250, 0), (330, 260), (210, 520), (300, 760), (180, 1000), (0, 1000)], fill=(172, 200, 212))
    river = [(700, 0), (760, 180), (720, 380), (800, 560), (740, 760), (800, 1000)]
    pen.line(river, fill=(150, 186, 204), width=22, joint="curve")
    road = [(330, 690), (470, 640), (600, 560), (750, 470), (900, 450), (1040, 360), (1180, 300), (1290, 330),
            (1380, 210)]
    pen.line(road, fill=(255, 255, 255), width=18, joint="curve")
    pen.line(road, fill=(176, 48, 38), width=9, joint="curve")
    places = ((330, 690, "Sannaport"), (750, 470, "Hallin Bridge"), (1180, 300, "Dorrin"),
              (1290, 330, "Ashkeel"), (1380, 210, "Upper Maro"))
    for n, (x, y, name) in enumerate(places):
        pen.ellipse((x - 13, y - 13, x + 13, y + 13), fill=(255, 255, 255), outline=(30, 30, 34), width=5)
        below = n in (0, 1, 3)
        pen.text((x, y + 44 if below else y - 44), name, font=ImageFont.load_default(36), fill=(30, 30, 34), anchor="mm")
    pen.line((1240, 900, 1500, 900), fill=(30, 30, 34), width=5)
    pen.text((1370, 866), "20 km", font=ImageFont.load_default(30), fill=(30, 30, 34), anchor="mm")


def _convoy(picture: Image.Image) -> None:
    _sky(picture, [(150, 178, 196), (206, 214, 208), (244, 226, 190), (240, 206, 160)])
    _glow(picture, (420, 430), 150, (255, 244, 214))
    _hills(picture, 560, 240, (142, 152, 150), seed=3)
    _hills(picture, 680, 170, (98, 108, 106), seed=11)
    pen = ImageDraw.Draw(picture)
    pen.polygon([(0, 760), (1600, 690), (1600, 1000), (0, 1000)], fill=(52, 56, 56))
    for n in range(6):
        x, scale = 90 + n * 250, 0.82 + n * 0.05
        y = 762 - (x + 80) * 0.0437
        wide, high = 150 * scale, 74 * scale
        pen.rounded_rectangle((x, y - high, x + wide, y - 12), 8, fill=(240, 240, 236))
        pen.polygon(
            [(x + wide, y - 12), (x + wide, y - high * 0.8), (x + wide + 30, y - high * 0.78), (x + wide + 46, y - 12)],
            fill=(228, 230, 230),
        )
        for wheel in (0.16, 0.34, 1.12):
            centre = x + wide * wheel
            pen.ellipse((centre - 13, y - 24, centre + 13, y + 2), fill=(26, 28, 28))


def _bridge(picture: Image.Image) -> None:
    _sky(picture, [(186, 200, 204), (222, 220, 204), (242, 226, 196)])
    _hills(picture, 480, 200, (150, 164, 166), seed=21)
    _hills(picture, 600, 160, (104, 120, 122), seed=5)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 690, 1600, 1000), fill=(140, 162, 168))
    ink = (44, 50, 56)
    pen.rectangle((0, 470, 1600, 512), fill=ink)
    for x in range(0, 1601, 40):
        pen.line((x, 436, x, 470), fill=ink, width=4)
    pen.line((0, 436, 1600, 436), fill=ink, width=5)
    for n in range(4):
        left = n * 400
        pen.rectangle((left - 24, 500, left + 24, 720), fill=ink)
        pen.arc((left + 10, 500, left + 390, 900), 180, 360, fill=ink, width=26)
        pen.arc((left + 10, 620, left + 390, 760), 0, 180, fill=(120, 140, 148), width=14)
    chance = random.Random(4)  # noqa: S311
    for _ in range(160):
        across, down = chance.uniform(0, 1600), chance.uniform(720, 990)
        pen.line((across, down, across + chance.uniform(20, 120), down), fill=(160, 180, 184), width=2)


def _night(picture: Image.Image) -> None:
    _sky(picture, [(8, 12, 32), (18, 26, 56), (44, 52, 88)])
    pen = ImageDraw.Draw(picture)
    chance = random.Random(9)  # noqa: S311
    for _ in range(190):
        x, y, bright = chance.uniform(0, 1600), chance.uniform(0, 520), chance.randint(110, 230)
        pen.ellipse((x, y, x + 3, y + 3), fill=(bright, bright, min(255, bright + 20)))
    _hills(picture, 560, 190, (20, 26, 46), seed=2)
    _hills(picture, 720, 120, (12, 16, 30), seed=14)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((420, 620, 1180, 800), fill=(8, 11, 22))
    for row in range(3):
        for column in range(15):
            x, y = 446 + column * 49, 642 + row * 52
            pen.rectangle((x, y, x + 26, y + 30), fill=(255, 214 - chance.randint(0, 24), 132))
    for _ in range(46):
        x, y = chance.uniform(0, 1590), chance.uniform(830, 980)
        pen.rectangle((x, y, x + 9, y + 10), fill=(240, 190, 112))
    _glow(picture, (800, 700), 170, (255, 206, 130))


def _sacks(picture: Image.Image) -> None:
    _sky(picture, [(74, 66, 58), (120, 104, 84), (60, 52, 46)])
    pen = ImageDraw.Draw(picture)
    chance = random.Random(12)  # noqa: S311
    for row in range(6):
        for column in range(7):
            x, y = 60 + column * 222 - (row % 2) * 104, 860 - row * 138
            pale = chance.randint(-10, 14)
            pen.rounded_rectangle(
                (x, y - 124, x + 214, y), 46, fill=(214 + pale, 196 + pale, 160 + pale), outline=(120, 100, 74), width=4
            )
            pen.line((x + 54, y - 62, x + 160, y - 62), fill=(150, 60, 46), width=9)
    for x in (0, 1544):
        pen.rectangle((x, 0, x + 56, 1000), fill=(34, 32, 32))
    pen.rectangle((0, 870, 1600, 1000), fill=(44, 40, 38))


def _gate(picture: Image.Image) -> None:
    _sky(picture, [(16, 22, 46), (44, 56, 92), (120, 110, 124)])
    for x in (240, 800, 1360):
        _glow(picture, (x, 300), 120, (255, 222, 160))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 760, 1600, 1000), fill=(22, 24, 34))
    for x in (240, 800, 1360):
        pen.line((x, 300, x, 780), fill=(14, 16, 26), width=12)
    for n in range(12):
        pen.rectangle((160 + n * 100, 600, 260 + n * 100, 636), fill=(206, 60, 48) if n % 2 else (236, 232, 222))
    pen.rectangle((120, 560, 180, 780), fill=(14, 16, 26))
    chance = random.Random(6)  # noqa: S311
    for n in range(17):
        _person(pen, 90 + n * 90 + chance.uniform(-24, 24), 900, 190 + chance.uniform(-26, 20), (10, 12, 20))


def _person(pen: ImageDraw.ImageDraw, x: float, foot: float, tall: float, ink: Colour) -> None:
    """A silhouette that stands there."""
    head = tall * 0.09
    pen.ellipse((x - head, foot - tall, x + head, foot - tall + head * 2.2), fill=ink)
    pen.rounded_rectangle((x - tall * 0.15, foot - tall * 0.8, x + tall * 0.15, foot), int(tall * 0.11), fill=ink)


def _kitchen(picture: Image.Image) -> None:
    _sky(picture, [(228, 206, 170), (244, 228, 196), (206, 170, 128)])
    for n in range(3):
        _glow(picture, (330 + n * 470, 380 - n % 2 * 60), 130, (255, 252, 244))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 770, 1600, 1000), fill=(122, 84, 58))
    for n, metal in enumerate(((92, 98, 104), (74, 80, 88), (104, 106, 108))):
        x = 130 + n * 470
        pen.rounded_rectangle((x, 500, x + 400, 790), 40, fill=metal)
        pen.rectangle((x - 24, 490, x + 424, 530), fill=(54, 58, 64))
        pen.line((x + 300, 330, x + 220, 520), fill=(150, 104, 62), width=16)


def _ruin(picture: Image.Image) -> None:
    _sky(picture, [(110, 116, 132), (176, 158, 150), (214, 180, 150)])
    _hills(picture, 640, 150, (110, 108, 112), seed=8)
    pen = ImageDraw.Draw(picture)
    wall, room, ink = (150, 132, 116), (92, 82, 78), (48, 44, 46)
    pen.polygon([(420, 860), (420, 330), (520, 250), (640, 360), (760, 200), (900, 330), (1040, 300), (1180, 470),
                 (1180, 860)], fill=wall)
    for x, y in ((500, 420), (760, 420), (500, 650), (760, 650), (980, 650)):
        pen.rectangle((x, y, x + 150, y + 150), fill=room)
        pen.line((x, y + 150, x + 150, y + 150), fill=ink, width=8)
    pen.polygon([(0, 860), (1600, 840), (1600, 1000), (0, 1000)], fill=(72, 68, 66))
    chance = random.Random(17)  # noqa: S311
    for _ in range(150):
        left, low, size = chance.gauss(900, 260), chance.uniform(800, 930), chance.uniform(8, 46)
        tone = chance.randint(-16, 16)
        pen.polygon([(left, low), (left + size, low - size * 0.7), (left + size * 1.6, low + size * 0.2)],
                    fill=(124 + tone, 110 + tone, 100 + tone))


def _cinema(picture: Image.Image) -> None:
    _sky(picture, [(10, 12, 28), (24, 30, 58), (40, 40, 66)])
    _glow(picture, (800, 380), 330, (190, 206, 220))
    pen = ImageDraw.Draw(picture)
    ink = (8, 9, 18)
    pen.polygon([(420, 170), (1180, 180), (1170, 600), (430, 590)], fill=(222, 230, 228))
    pen.polygon([(430, 520), (1172, 510), (1170, 600), (430, 590)], fill=(150, 190, 140))
    pen.ellipse((730, 350, 870, 560), fill=(168, 160, 158))
    for x in (755, 805):
        pen.ellipse((x, 230, x + 40, 390), fill=(168, 160, 158))
    _crane(pen, 250, 90, ink)
    _crane(pen, 1240, 90, ink)
    pen.rectangle((0, 700, 1600, 1000), fill=(14, 15, 28))
    chance = random.Random(20)  # noqa: S311
    for row in range(2):
        for n in range(15):
            place = 60 + n * 108 + chance.uniform(-20, 20)
            _person(pen, place, 960 + row * 60, 180 + chance.uniform(-50, 30), ink)


_PAINTERS: dict[str, Painter] = {
    "harbour": _harbour, "route": _route, "convoy": _convoy, "bridge": _bridge, "night": _night, "sacks": _sacks,
    "gate": _gate, "kitchen": _kitchen, "ruin": _ruin, "cinema": _cinema,
}
