"""`make demo`: a fresh copy of the sample company, its newest week run, and the documents listed.

The sample holds a deliberately dirty export and a goal that cannot be judged, so the run is expected to end
"finished, with problems" (exit code 3). Anything else that is not 0 fails the demo.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

WEEK = "2026-W47"
FINISHED, FINISHED_WITH_PROBLEMS = 0, 3


def main(program: str, folder: str) -> int:
    target = Path(folder)
    shutil.rmtree(target, ignore_errors=True)
    if subprocess.run([program, "init", str(target), "--sample"], check=False).returncode:
        return 1
    code = subprocess.run(
        [program, "--workspace", str(target), "run", "--week", WEEK], check=False
    ).returncode
    if code not in (FINISHED, FINISHED_WITH_PROBLEMS):
        print(f"The run failed with exit code {code}.", file=sys.stderr)
        return code
    documents = sorted(path for path in (target / "out" / WEEK).rglob("*") if path.is_file())
    print(f"\n{len(documents)} files for {WEEK} in {target / 'out' / WEEK}:")
    for path in documents:
        print(f"  {path}  {path.stat().st_size / 1024:,.0f} KB")
    return 0 if any(path.suffix == ".pdf" for path in documents) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
