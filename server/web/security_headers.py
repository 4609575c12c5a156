"""Security headers: Content-Security-Policy, Permissions-Policy and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders

DIRECTIVES: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "https:", "data:"),
    "media-src": ("'self'", "https:"),
    "connect-src": ("'self'",),
    "font-src": ("'self'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'self'",),
    "base-uri": ("'none'",),
    "manifest-src": ("'self'",),
    "worker-src": ("'self'",),
}
"""What a page may do, without any setting."""


def policy(*additions: Mapping[str, Sequence[str]]) -> str:
    """The Content-Security-Policy (CSP Level 3) with these sources added to its directives."""
    made = {name: list(sources) for name, sources in DIRECTIVES.items()}
    for addition in additions:
        for name, sources in addition.items():
            made[name] = list(dict.fromkeys([*made.get(name, ()), *sources]))
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in made.items())


SECURITY_HEADERS = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
OURS = ("/console", "/api/")
"""Paths whose pages nobody but us has a part in."""
TRANSPORT_SECURITY = "max-age=31536000"


@dataclass(frozen=True, slots=True)
class ResponseHeaders:
    """The headers of this site; `content_security_policy` is that of every page that has none of its own.
    `reader_policy`, if there is one, is that of readers' pages, which a theme may add other sites to."""

    content_security_policy: str = SECURITY_HEADERS["Content-Security-Policy"]
    reader_policy: str = ""

    def framed_by(self, ancestors: Sequence[str]) -> str:
        """The policy of a page that these sites, too, may show in a frame (CSP Level 3 §6.4.2)."""
        own, wider = "frame-ancestors 'self'", " ".join(["frame-ancestors 'self'", *ancestors])
        return (self.reader_policy or self.content_security_policy).replace(own, wider)

    def of(self, scheme: str) -> dict[str, str]:
        """The headers of every response that came over `scheme`."""
        transport = {"Strict-Transport-Security": TRANSPORT_SECURITY} if scheme == "https" else {}
        return SECURITY_HEADERS | {"Content-Security-Policy": self.content_security_policy} | transport

    def add(self, headers: MutableHeaders, *, scheme: str, path: str) -> None:
        """Add headers that the response does not set itself, such as the CSP of an embeddable page."""
        if self.reader_policy and not path.startswith(OURS):
            headers.setdefault("Content-Security-Policy", self.reader_policy)
        for name, value in self.of(scheme).items():
            headers.setdefault(name, value)
