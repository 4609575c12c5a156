"""Which compression a client accepts."""

from __future__ import annotations


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` allows gzip: it is named, or `*` is, and not with a weight of 0
    (RFC 9110 §12.5.3)."""
    weights: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weight = parameters.strip().removeprefix("q=").strip()
        weights[name.strip()] = not weight or weight.strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))
