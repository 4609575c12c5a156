"""Addresses in sanitised HTML made absolute, for those who read it elsewhere: feeds, mail, other sites."""

from __future__ import annotations

from urllib.parse import urljoin

import nh3

from server.text import sanitise


def absolute(html: str, base: str) -> str:
    """The same HTML with each address resolved against `base`, the address of the page that shows it."""

    def resolved(tag: str, attribute: str, value: str) -> str | None:
        if attribute not in ("href", "src", "cite"):
            return value
        try:
            return urljoin(base, value)
        except ValueError:  # not an address at all, such as http://[
            return None

    if "<a " not in html:
        return html
    return nh3.clean(
        html, tags=sanitise.TAGS, attributes=sanitise.ATTRIBUTES, url_schemes=sanitise.SCHEMES,
        link_rel=sanitise.LINK_REL, attribute_filter=resolved,
    )
