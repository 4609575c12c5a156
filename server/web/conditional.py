"""Which compression a client takes."""

from __future__ import annotations

from server.delivery.encoding import takes_gzip

__all__ = ["takes_gzip"]
