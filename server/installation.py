"""What writing in an installation needs, without a server: its database, its broker and its files. The command
line loads no more than this; app.py puts the server around it."""

from __future__ import annotations

from server.broker.memory import MemoryBroker
from server.broker.protocol import Broker
from server.media.files import MediaFiles
from server.newsroom.desk import Desk
from server.settings import Settings
from server.store.data_folder_lock import DataLock
from server.store.database import Database


def make_broker(settings: Settings) -> Broker:
    """The broker that `redis_url` names."""
    if not settings.redis_url:
        return MemoryBroker()
    from server.broker.redis.connect import broker_from_url

    return broker_from_url(settings.redis_url)


def data_lock(settings: Settings) -> DataLock:
    """What keeps a restore and whoever uses the data apart."""
    return DataLock(settings.data_dir, Database(settings.database).file)


def make_desk(settings: Settings, *, broker: Broker | None = None) -> Desk:
    """The desk of these settings; nothing is connected yet."""
    # so that a request still has time to say what happened when the database does not answer
    patience = min(7.0, max(2.0, settings.request_timeout / 4))
    return Desk(
        Database(settings.database, timeout=patience),
        broker or make_broker(settings),
        MediaFiles(settings.data_dir / "media"),
    )
