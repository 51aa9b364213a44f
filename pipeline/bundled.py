"""Where the files that travel with the package are: templates, fonts, catalogues, the sample workspace.

In a checkout they lie at the top level; in an installed wheel they lie inside the package.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """The folder of Jinja pages, style sheets, fonts and message catalogues."""
    return _bundled("templates", _PACKAGE.parent / "reports" / "templates")


def samples_dir() -> Path:
    """The sample workspace (Company X) with its generator."""
    return _bundled("samples", _PACKAGE.parent / "data" / "samples")


def _bundled(name: str, checkout: Path) -> Path:
    installed = _PACKAGE / "_bundled" / name
    return installed if installed.is_dir() else checkout
