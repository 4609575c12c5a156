"""What is known of an uploaded picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.domain.times import to_text


@dataclass(frozen=True, slots=True)
class Media:
    """A picture: sizes in pixels and bytes; `widths` are the renditions that exist for srcset.

    `sha256` is the digest of the full size, `source_sha256` that of the file that was uploaded, whose name was
    `name`. `alt`, `caption`, `credit` and the focal point are what an entry begins with that the picture is put
    into; each entry has its own.
    """

    id: str
    sha256: str
    mime: str
    bytes: int
    width: int
    height: int
    widths: tuple[int, ...]
    alt: str
    caption: str
    credit: str
    author_id: str | None
    created_at: datetime
    name: str = ""
    focal_x: float | None = None
    focal_y: float | None = None
    source_sha256: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id, "mime": self.mime, "bytes": self.bytes, "width": self.width,
            "height": self.height, "widths": list(self.widths), "alt": self.alt, "caption": self.caption,
            "credit": self.credit, "name": self.name, "focal_x": self.focal_x, "focal_y": self.focal_y,
            "created_at": to_text(self.created_at),
        }
