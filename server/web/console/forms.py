"""Reading a form: its texts, its boxes and its files. What it means is for the page to say."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.requests import Request

from server.domain.errors import Invalid
from server.web.api.request_parsing import require_utf8
from server.web.api.validation import checked

__all__ = ["STAY", "Form", "checked", "read"]

STAY = "stay"
"""What Enter in a one-line field asks for: the form again, with nothing saved."""
MAX_FIELDS = 4_000
MAX_FILES = 2
MAX_FIELD_BYTES = 1_000_000
MAX_REVISION_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent. `values` holds texts with line ends as `\\n`; `files` those that were chosen, by field."""

    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """What the files were called, by field."""

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def ticked(self, name: str) -> bool:
        return name in self.values

    @property
    def file(self) -> bytes:
        """The form's picture (the first file that was chosen); empty without one."""
        return self.files.get("picture", b"") or next(iter(self.files.values()), b"")

    @property
    def revision(self) -> int:
        """The revision that was edited. Raises Invalid when the form does not say."""
        text = self.text("revision")
        if not (text.isascii() and text.isdigit() and len(text) < MAX_REVISION_DIGITS):
            raise Invalid.field("revision", "the form does not say which revision it edited; load it again")
        return int(text)


async def read(request: Request) -> Form:
    """The form that the request carries, as URL-encoded or multipart.

    Raises:
        UnsupportedMedia: it is in another character set than UTF-8.
    """
    require_utf8(request)
    values: dict[str, str] = {}
    files: dict[str, bytes] = {}
    names: dict[str, str] = {}
    async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES) as sent:
        for name, value in sent.multi_items():
            if isinstance(value, UploadFile):
                files[name] = await value.read()
                names[name] = value.filename or ""
            else:
                values[name] = value.replace("\r\n", "\n")
    return Form(values, {name: data for name, data in files.items() if data}, names)
