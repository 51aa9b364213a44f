"""`make bench`: what the product costs. All figures of one table come from one run on one machine, which is
printed with them; every bar is a ratio or a generous time. Ends with 1 when a bar is missed.

Here: the order of the parts. Not here: what each measures (commands.py, chances.py, documents.py).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import chances, commands, documents
from benchmarks.table import Row, printed
from benchmarks.timing import scorecards

PARTS: dict[str, tuple[str, Callable[[Path], list[Row]]]] = {
    "commands": ("Commands, without documents", commands.rows),
    "chances": ("Chances", lambda _: chances.rows()),
    "documents": ("Documents", documents.rows),
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them when left out")
    wanted = parser.parse_args(arguments).parts or list(PARTS)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    found: list[Row] = []
    for name in wanted:
        title, work = PARTS[name]
        with tempfile.TemporaryDirectory() as folder:
            company = Path(folder) / "company"
            scorecards(None, "init", str(company), "--sample")
            rows = work(company)
        print("\n" + printed(title, rows), flush=True)
        found += rows
    missed = [row.name for row in found if not row.met]
    print(f"\n{len(missed)} of {sum(row.most is not None for row in found)} bars missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
