"""How much a person may write: every limit on words, once. The API's bodies, the console's forms, the command
and the OpenAPI document all read them here."""

from __future__ import annotations

MAX_LINE = 300
"""Characters of one line: a title, a headline, a byline, a credit."""
MAX_TEXT = 2_000
"""Characters of a standfirst, an alt text, a caption."""
MAX_BODY = 100_000
"""Characters that an entry may have in all its Markdown and HTML."""
MAX_SUMMARY = 10_000
"""Characters of a closing summary, as it is typed."""
MAX_URL = 2_000
MAX_BLOCKS = 200
"""Blocks that are sent, and blocks that the text of an entry may become."""
MIN_GALLERY, MAX_GALLERY = 2, 20
"""Pictures of a gallery."""
MAX_DEVELOPMENTS = 30
MAX_RELATED = 50
MAX_TOPICS = 50
MAX_TOPIC = 100
MAX_MARKUP = 4_000
"""Line breaks and characters that may be markup (`*`, `<`, `|`, quotation marks, …) in an entry. The time to
read a text grows with them and hardly with its letters."""
MAX_NESTING = 20
"""Lists in lists, quotations in quotations, elements in elements."""
MAX_CELLS = 2_000
"""Table cells of an entry."""
MAX_LINKS = 1_000
"""Addresses that become links by themselves."""
MAX_RENDERED_BYTES = 400_000
"""UTF-8 bytes of an entry's HTML. Each listener gets them, and each process keeps them in memory."""

MIN_PASSWORD = 10
MAX_PASSWORD = 256
"""Characters of a password. An upper bound, because hashing takes its time."""
