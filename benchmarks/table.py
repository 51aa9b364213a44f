"""The rows a benchmark reports. Here: a row and the printed table. Not here: any measuring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `most`: the bar it must not pass; without one it only stands beside the others."""

    name: str
    figure: float
    unit: str
    most: float | None = None

    @property
    def met(self) -> bool:
        return self.most is None or self.figure <= self.most

    def text(self) -> str:
        bar = "" if self.most is None else f"<= {self.most:g} {self.unit}"
        return (
            f"  {self.name:<74} {_digits(self.figure):>8} {self.unit:<5} {bar:<14} {self._verdict()}".rstrip()
        )

    def _verdict(self) -> str:
        if self.most is None:
            return ""
        return "met" if self.met else "MISSED"


def _digits(figure: float) -> str:
    return f"{figure:.3f}" if abs(figure) < 1 else f"{figure:.2f}" if abs(figure) < 100 else f"{figure:.0f}"


def printed(title: str, rows: Iterable[Row]) -> str:
    return "\n".join([title, *(row.text() for row in rows)])
