"""What is found about a link. No network here: those who only take previews load nothing for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Preview:
    """What a provider or a page says about itself; words as they came. `html` is the provider's markup, of
    which only the words of the post are used. `image` is a file as it came, or empty. `gone`: there is nothing
    at the address, or nothing for everybody."""

    title: str = ""
    provider: str = ""
    author: str = ""
    description: str = ""
    html: str = ""
    image: bytes = b""
    gone: bool = False


class PreviewSource(Protocol):
    """Where the newsroom gets previews from."""

    async def of(self, url: str) -> Preview | None:
        """What is found about a link within a few seconds; None if nothing is. Raises nothing: a link that
        cannot be looked up is posted as a link."""
        ...
