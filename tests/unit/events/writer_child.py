"""Publishes until it is killed and prints the id of every event the store has acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

from aios_desktop.clock import SystemClock
from aios_desktop.events.bus import Bus
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from aios_desktop.scheduler.lanes import Lanes


def main(folder: Path, *, durable: bool) -> None:
    clock = SystemClock()
    store = EventStore(folder, clock)
    assert store.open() == []
    Lanes().start("store", store.run, store.wake)
    bus = Bus(Stamps(clock), store.append)
    while True:
        event = bus.publish("load.test", source="child", durable=durable)
        if store.flush(10):
            print(event.id, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), durable=sys.argv[2] == "durable")
