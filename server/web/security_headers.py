"""What browsers are told with every answer: where scripts and pictures may come from, and what is off."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' https: data:",
        "media-src 'self' https:", "connect-src 'self'", "font-src 'self'", "form-action 'self'",
        "frame-ancestors 'self'", "base-uri 'none'", "manifest-src 'self'", "worker-src 'self'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TRANSPORT_SECURITY = "max-age=31536000"


def security_headers(scheme: str) -> dict[str, str]:
    """The headers of every response that came over `scheme`."""
    transport = {"Strict-Transport-Security": TRANSPORT_SECURITY} if scheme == "https" else {}
    return SECURITY_HEADERS | transport


def add_headers(headers: MutableHeaders, *, scheme: str) -> None:
    """Add what is missing: a page that may be embedded elsewhere brings its own policy."""
    for name, value in security_headers(scheme).items():
        headers.setdefault(name, value)
