"""The audit lines of the log: who did what to people, roles, tokens and passwords, and who failed to log in.

From where is added by the log's context (`address`, see web/middleware.py). No line holds a secret, nor what
was typed as a name when nobody has it: people type their password there.
"""

from __future__ import annotations

import structlog

from server.domain.permissions import Caller

log = structlog.get_logger()


def done(what: str, caller: Caller, **about: object) -> None:
    """`audit.WHAT`, after the commit: `caller` did it."""
    log.info(f"audit.{what}", by=caller.id, by_name=caller.name, **about)


def refused(what: str, **about: object) -> None:
    """`audit.WHAT`: somebody tried and was refused."""
    log.warning(f"audit.{what}", **about)
