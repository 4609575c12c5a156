"""Cuts the typefaces that pages use from the variable fonts in static/node_modules, and writes their @font-face
rules.

Reads static/fonts/cuts.json; writes static/fonts/NAME.DIGEST.woff2 and static/fonts/faces.css, neither of which
is committed. Newsreader has an optical size axis: headlines get its 72 point cut, text its 16 point cut, and no
page pays for the axis itself. Each typeface also gets fallback faces: fonts of the reader's system, scaled so
that they take the same room and nothing moves when the typeface arrives.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

STATIC = Path(__file__).parent.parent / "static"
FONTS = STATIC / "fonts"
PACKAGES = STATIC / "node_modules" / "@fontsource-variable"
DIGEST_CHARACTERS = 8
SAMPLE = (
    "the two delegations have signed a one page extension the office of the coordinator says it takes effect "
    "at noon on saturday when the present pause would have ended eight lorries have stopped in front of the "
    "hospital diesel is being pumped into its tanks while nurses carry boxes past the queue"
)
"""The text that average widths are measured on; `width` in cuts.json is that of a fallback font, in em."""


def main() -> None:
    plan = json.loads((FONTS / "cuts.json").read_text(encoding="utf-8"))
    for old in [*FONTS.glob("*.woff2"), FONTS / "faces.css"]:
        old.unlink(missing_ok=True)
    rules: list[str] = []
    for cut in plan["cuts"]:
        font = _cut(cut, plan["features"])
        file = io.BytesIO()
        font.save(file)
        name = f"{cut['name']}.{hashlib.sha256(file.getvalue()).hexdigest()[:DIGEST_CHARACTERS]}.woff2"
        (FONTS / name).write_bytes(file.getvalue())
        rules.append(_face(cut, name, plan["scripts"][cut["script"]]))
        for fallback in plan["fallbacks"].get(cut.get("fallbacks"), ()):
            rules.append(_fallback(cut, font, fallback))
    (FONTS / "faces.css").write_text("\n".join(rules), encoding="utf-8")


def _cut(cut: dict[str, Any], features: list[str]) -> TTFont:
    """The font with its axes reduced to what pages use. Arabic keeps every glyph: its letters join."""
    font = TTFont(PACKAGES / f"{cut['source']}.woff2", recalcTimestamp=False)
    if "axes" in cut:
        axes = {name: tuple(v) if isinstance(v, list) else v for name, v in cut["axes"].items()}
        font = instancer.instantiateVariableFont(font, axes)
        options = subset.Options(layout_features=features, name_IDs=["*"])
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=font.getBestCmap().keys())
        subsetter.subset(font)
    font.flavor = "woff2"
    return font


def _face(cut: dict[str, Any], name: str, characters: str) -> str:
    return (
        "@font-face {\n"
        f"  font-family: \"{cut['family']}\";\n"
        f"  font-style: {cut['style']};\n"
        f"  font-weight: {cut['weight']};\n"
        "  font-display: swap;\n"
        f"  src: url(\"/static/fonts/{name}\") format(\"woff2\");\n"
        f"  unicode-range: {characters};\n"
        "}\n"
    )


def _fallback(cut: dict[str, Any], font: TTFont, fallback: dict[str, Any]) -> str:
    """A system font that takes the room of `font` (CSS Fonts 5, size-adjust and ascent-override)."""
    em, glyphs, advances = font["head"].unitsPerEm, font.getBestCmap(), font["hmtx"]
    width = sum(advances[glyphs[ord(character)]][0] for character in SAMPLE) / len(SAMPLE) / em
    scale = width / fallback["width"]
    line = font["hhea"]
    sources = ", ".join(f'local("{name}")' for name in fallback["local"])
    return (
        "@font-face {\n"
        f"  font-family: \"{cut['family']} {fallback['suffix']}\";\n"
        f"  font-weight: {cut['weight']};\n"
        f"  src: {sources};\n"
        f"  size-adjust: {scale:.2%};\n"
        f"  ascent-override: {line.ascent / em / scale:.2%};\n"
        f"  descent-override: {-line.descent / em / scale:.2%};\n"
        f"  line-gap-override: {line.lineGap / em / scale:.2%};\n"
        "}\n"
    )


if __name__ == "__main__":
    main()
