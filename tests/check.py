"""Runs everything a change must pass, in one command; the build server runs nothing else.

    tests/check.py           everything
    tests/check.py --fast    without the window and the end-to-end tests
    tests/check.py --fix     let ruff repair what it can first

All steps run, also after a failure; the exit code is 1 when one of them failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"


@dataclass(frozen=True, slots=True)
class Step:
    """One command; ``keep`` says that its last line belongs into the summary."""

    name: str
    command: tuple[str, ...]
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended."""

    step: Step
    code: int
    seconds: float
    last_line: str

    def line(self) -> str:
        """Return one line for the summary."""
        word = "ok" if self.code == 0 else f"FAILED ({self.code})"
        return f"{self.step.name:<16} {word:<12} {self.seconds:6.1f} s"


def tool(name: str) -> str:
    """Return the path of a program that is installed beside this Python."""
    return str(BIN / name)


def steps(*, fast: bool, fix: bool, rest: list[str]) -> list[Step]:
    """Return what is to be run, quick things first."""
    python = sys.executable
    pytest = (python, "-m", "pytest", "-q", *rest)
    found = [
        Step("ruff format", (tool("ruff"), "format", *(() if fix else ("--check",)), ".")),
        Step("ruff check", (tool("ruff"), "check", *(("--fix",) if fix else ()), ".")),
        Step("mypy", (tool("mypy"),)),
        Step("import floors", (tool("lint-imports"), "--no-logo")),
        Step("translations", (python, "packaging/i18n.py", "check")),
    ]
    if fast:
        left_out = ("--ignore=tests/ui", "--ignore=tests/e2e")
        return [*found, Step("tests", (*pytest, *left_out), keep=True)]
    return [
        *found,
        Step("tests", (*pytest, "--ignore=tests/e2e"), keep=True),
        Step("end to end", (*pytest, "tests/e2e"), keep=True),
    ]


def run(step: Step) -> Result:
    """Run a step, passing its output on while it comes."""
    print(f"── {step.name}", flush=True)
    start = time.monotonic()
    last = ""
    with subprocess.Popen(
        step.command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    result = Result(step, process.returncode, time.monotonic() - start, last)
    print(result.line(), flush=True)
    return result


def main() -> int:
    """Run all steps and say how they went."""
    parser = argparse.ArgumentParser(description="Everything a change must pass.")
    parser.add_argument("--fast", action="store_true", help="without tests/ui and tests/e2e")
    parser.add_argument("--fix", action="store_true", help="let ruff repair what it can")
    options, rest = parser.parse_known_args()
    results = [run(step) for step in steps(fast=options.fast, fix=options.fix, rest=rest)]
    print("── summary")
    for result in results:
        print(result.line())
    for result in results:
        if result.step.keep:
            print(f"{result.step.name}: {result.last_line}")
    return 1 if any(result.code for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
