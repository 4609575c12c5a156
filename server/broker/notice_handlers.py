"""Who in this process gets which notices."""

from __future__ import annotations

import structlog

from server.broker.protocol import OnNotice

log = structlog.get_logger()


class Notices:
    """Receivers by topic. A receiver that raises keeps nobody else from getting the notice."""

    def __init__(self) -> None:
        self._receivers: dict[str, list[OnNotice]] = {}

    def add(self, topic: str, receive: OnNotice) -> None:
        """One more receiver of a topic."""
        self._receivers.setdefault(topic, []).append(receive)

    def topics(self) -> list[str]:
        """The topics that anybody here wants."""
        return list(self._receivers)

    def hand_over(self, topic: str, data: bytes | None) -> None:
        """Give a notice to all receivers of its topic."""
        for receive in self._receivers.get(topic, ()):
            try:
                receive(data)
            except Exception:
                log.exception("broker.on_notice", topic=topic)
