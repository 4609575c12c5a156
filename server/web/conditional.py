"""Parses conditional and negotiation headers."""

from __future__ import annotations


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` header allows gzip: `gzip` or `*` is listed with a weight above 0
    (RFC 9110 §12.5.3)."""
    weights: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weight = parameters.strip().removeprefix("q=").strip()
        weights[name.strip()] = not weight or weight.strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))
