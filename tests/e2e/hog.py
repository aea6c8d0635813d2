"""A program that keeps processors busy: an idle parent with busy children, ending by itself.

    hog.py --procs 2 --seconds 60

Prints the pids of its children on one line when they run. Ends on SIGTERM, with its children.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
import time

MAX_SECONDS = 180
PR_SET_PDEATHSIG = 1


def burn(seconds: float, ready: int) -> None:
    """Keep one processor busy. A stopped process does not outlive its parent either."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.write(ready, b"!")
    end = time.monotonic() + seconds
    number = 1
    while time.monotonic() < end:
        for _ in range(10_000):
            number = number * 16807 % 2147483647
    os._exit(0)


def main() -> int:
    """Start the children and wait for them, or for a signal."""
    parser = argparse.ArgumentParser(description="Keeps processors busy for a while.")
    parser.add_argument("--procs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    seconds = min(max(options.seconds, 0.1), MAX_SECONDS)
    children = []
    listen, ready = os.pipe()
    for _ in range(max(1, options.procs)):
        pid = os.fork()
        if pid == 0:
            burn(seconds, ready)
        children.append(pid)
        os.read(listen, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the children die with their parent
    print(*children, flush=True)
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(0))
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)  # a child may be stopped for ever
    for pid in children:
        os.waitpid(pid, 0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
