"""What is known of an uploaded picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.domain.times import to_text


@dataclass(frozen=True, slots=True)
class Media:
    """A picture: sizes in pixels and bytes; `widths` are the renditions that exist for srcset."""

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

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id, "mime": self.mime, "bytes": self.bytes, "width": self.width,
            "height": self.height, "widths": list(self.widths), "alt": self.alt, "caption": self.caption,
            "credit": self.credit, "created_at": to_text(self.created_at),
        }
