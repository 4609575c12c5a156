"""What the reader's script says, in the language of the page: a JSON object in the page, read by
static/reader/words.js.

A script that needs a word adds it here, and asks for it by its name: `word("pause")`,
`counted("new_updates", 3)`.
"""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from server.web.languages import Language
from server.web.reader.inline_json import inline_json


@lru_cache(maxsize=256)
def script_words(language: Language) -> Markup:
    """JSON for a `<script type="application/json" data-words>`."""
    return inline_json(words(language))


def words(language: Language) -> dict[str, str | dict[str, str]]:
    """Each word by its name; a counted one for each plural category, with `%(n)s` for the number.
    Placeholders stay, for the script to fill in."""
    _, plurals = language.translations.gettext, language.plurals
    return {
        "live": _("Live"),
        "reconnecting": _("Reconnecting"),
        "closed": _("Closed"),
        "pause": _("Pause updates"),
        "resume": _("Resume updates"),
        "new_updates": plurals("%(n)s new update", "%(n)s new updates"),
        "updates_since": plurals("%(n)s update since %(time)s", "%(n)s updates since %(time)s"),
        "share": _("Share"),
        "copy": _("Copy link"),
        "copied": _("Link copied"),
        "email": _("Email"),
        "close": _("Close"),
        "previous": _("Previous picture"),
        "next": _("Next picture"),
        "held": _("Show edited version"),
        "breaking": _("Breaking: %(title)s"),
    }
