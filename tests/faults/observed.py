"""`stoppress` with a window: on SIGUSR2 the process writes its asyncio tasks to its log, as one line of JSON.
The scenario starts its servers so; nothing else about them is different."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections import Counter
from types import FrameType

from server.cli.main import main

PREFIX = "tasks of this process: "


def tell(number: int, frame: FrameType | None) -> None:
    names = Counter(re.sub(r"[ -].*", "", task.get_name()) for task in asyncio.all_tasks())
    print(PREFIX + json.dumps(names), file=sys.stderr, flush=True)


def run() -> None:
    signal.signal(signal.SIGUSR2, tell)
    main()


if __name__ == "__main__":
    run()
