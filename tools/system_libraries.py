"""Make sure the libraries that draw the PDF are on this machine; install them with apt when we may.

Standard library only: this runs before anything of ours is installed. Exit code 1 names exactly what to
install when it cannot be done from here.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# What is loaded -> the Debian package that has it. Without the last one every page takes five times longer.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
PROGRAMS = {"initdb": "postgresql", "qpdf": "qpdf", "chromium": "chromium"}
"""Programs that only slow tests start -> the Debian package that has them."""
ALSO_CALLED = {"chromium": ("chromium-browser", "google-chrome", "chrome")}
MAC_NAMES = {
    "libpango-1.0.so.0": "libpango-1.0.dylib",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0.dylib",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset.dylib",
}


def missing(slow_tests: bool = False) -> list[str]:
    found = [package for library, package in LIBRARIES.items() if not _loads(library)]
    return [*found, *(package for name, package in PROGRAMS.items() if slow_tests and not _is_there(name))]


def _is_there(program: str) -> bool:
    """Debian keeps a server's programs out of the path, in a folder a version."""
    names = (program, *ALSO_CALLED.get(program, ()))
    return bool(any(map(shutil.which, names)) or [*Path("/usr/lib/postgresql").glob(f"*/bin/{program}")])


def _loads(library: str) -> bool:
    names = [library]
    if sys.platform == "darwin":
        names = [
            MAC_NAMES[library],
            f"/opt/homebrew/lib/{MAC_NAMES[library]}",
            f"/usr/local/lib/{MAC_NAMES[library]}",
        ]
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def main(arguments: Sequence[str] = ()) -> int:
    slow_tests = "--for-slow-tests" in arguments
    packages = [*missing(slow_tests), *venv_package()]
    if not packages:
        return 0
    command = ["apt-get", "install", "-y", "-qq", *packages]
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing system libraries: {', '.join(packages)}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
        subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
        packages = [*missing(slow_tests), *venv_package()]
        if not packages:
            return 0
    print(instruction(packages), file=sys.stderr)
    return 0 if set(packages) <= set(PROGRAMS.values()) else 1


def venv_package() -> list[str]:
    """Debian splits venv's pip out of python3; without it no environment can be made."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return [f"python3.{sys.version_info[1]}-venv"]
    return []


def instruction(packages: list[str]) -> str:
    lines = [
        f"These system libraries are missing: {', '.join(packages)}.",
        "Install them, then run the command again:",
    ]
    if sys.platform == "darwin":
        extra = [package for package in PROGRAMS.values() if package in packages]
        lines.append(" ".join(["    brew install pango harfbuzz", *extra]))
    elif shutil.which("apt-get"):
        lines.append(f"    sudo apt-get update && sudo apt-get install -y {' '.join(packages)}")
    elif shutil.which("dnf"):
        lines.append("    sudo dnf install -y pango harfbuzz")
    elif shutil.which("apk"):
        lines.append("    sudo apk add pango harfbuzz harfbuzz-subset")
    else:
        lines.append("    pango 1.44 or newer and harfbuzz with its subset library")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
