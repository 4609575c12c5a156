"""JSON inside a `<script>` element."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

_UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def inline_json(data: Mapping[str, Any]) -> Markup:
    """JSON that is safe inside a `<script>` element (HTML LS §4.12.1.3)."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE))  # noqa: S704 - all characters with a meaning in HTML are escaped
