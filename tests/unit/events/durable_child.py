"""Eight threads publish durable events until the process is killed; acknowledged ids are printed."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aios_desktop.clock import SystemClock
from aios_desktop.events.bus import Bus
from aios_desktop.events.stamp import Stamps
from aios_desktop.events.store import EventStore
from aios_desktop.scheduler.lanes import Lanes


def main(folder: Path) -> None:
    clock = SystemClock()
    store = EventStore(folder, clock)
    assert store.open() == []
    Lanes().start("store", store.run, store.wake)
    stamps = Stamps(clock)
    stamps.start_after(store.last_id())
    bus = Bus(stamps, store.append)

    def publish(_: int) -> None:
        while True:
            event = bus.publish("load.test", source="child", durable=True)
            store.wait_durable(event.id)
            os.write(1, b"%d\n" % event.id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(publish, range(8)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
