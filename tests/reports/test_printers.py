"""Printing in processes of their own: the same bytes, and no page that never ends can hold up a week."""

from __future__ import annotations

import gc
import os
import weakref
from datetime import UTC, datetime

import pytest

from pipeline.errors import InvariantBroken, TemplateFailed
from pipeline.report import printers as room
from pipeline.report.pdf import print_pdf
from pipeline.report.printed import Order
from pipeline.report.printer import TIDY_EVERY, tidy
from pipeline.report.printers import Printers
from pipeline.report.templates import Page, Templates

CREATED = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PAGE = "<!doctype html><html lang=en><title>One</title><body><h1 id=goal-a>One page</h1></body></html>"
ORDER = Order(PAGE, b"made-from-this", CREATED)


@pytest.fixture
def one() -> object:
    made = Printers(1)
    yield made
    made.close()


def test_a_process_prints_the_bytes_that_this_one_would(one: Printers) -> None:
    printed = one.print(ORDER)
    assert printed == print_pdf(PAGE, identifier=ORDER.identifier, created=CREATED)
    assert (printed.pages, printed.anchors) == (1, {"goal-a": 1})


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_printed(
    one: Printers, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "".join(f"<p>{n}</p>" for n in range(200_000))
    with monkeypatch.context() as patch:
        patch.setattr(room, "SECONDS", 0.5)
        patch.setattr(room, "SECONDS_A_PAGE", 0.0)
        with pytest.raises(InvariantBroken, match="longer than 0 seconds"):
            one.print(Order(endless, b"x", CREATED))
    assert one.print(ORDER).pages == 1


def test_a_process_that_dies_costs_its_document_alone(one: Printers) -> None:
    one.print(ORDER)
    process = one._idle.get()
    process._process.kill()
    process._process.wait()
    one._idle.put(process)
    with pytest.raises(InvariantBroken, match="the process that printed it ended"):
        one.print(ORDER)
    assert one.print(ORDER).pages == 1


def test_a_document_that_asks_for_anything_is_refused_from_the_process_too(one: Printers) -> None:
    asking = PAGE.replace("<h1", '<img alt="" src="http://127.0.0.1:9/x.png"><h1')
    with pytest.raises(InvariantBroken) as caught:
        one.print(Order(asking, b"x", CREATED))
    assert caught.value.problems[0].code == "document-fetch"


def test_no_process_is_left_when_the_printers_are_closed() -> None:
    two = Printers(2)
    two.print(ORDER)
    process = two._idle.get()
    pid = process._process.pid
    two._idle.put(process)
    two.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_pages_leave_behind_does_not_pile_up() -> None:
    class Leftover:
        """Two objects that hold each other, as a laid-out page's do: nothing but a collection frees them."""

        def __init__(self) -> None:
            self.other: object = None

    gc.disable()
    try:
        left = Leftover()
        left.other = Leftover()
        left.other.other = left  # type: ignore[attr-defined]
        seen = weakref.ref(left)
        del left
        tidy(TIDY_EVERY - 1)
        assert seen() is not None
        tidy(TIDY_EVERY)
        assert seen() is None
    finally:
        gc.enable()


def test_a_template_that_took_too_long_is_not_waited_for_again_in_the_same_run(
    one: Printers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty documents once took thirty times the time a page may take, one after the other."""
    loops = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
    endless = Page("mail.html.j2", {}, Templates.of({"mail.html.j2": loops}), "en")
    waits: list[float] = []
    waiting = room._Process.answer

    def answer(process: room._Process, order: Order | Page, seconds: float) -> object:
        waits.append(seconds)
        return waiting(process, order, seconds)

    monkeypatch.setattr(room._Process, "answer", answer)
    monkeypatch.setattr(room, "SECONDS_TO_MAKE", 1.0)
    said = []
    for _ in range(3):
        with pytest.raises(TemplateFailed, match="longer than 1 seconds") as caught:
            one.make(endless)
        said.append(caught.value.problems)
    assert len(waits) == 1 and said[0] == said[1] == said[2]
    assert said[0][0].file == "templates/mail.html.j2"
    one.try_again()
    with pytest.raises(TemplateFailed):
        one.make(endless)
    assert len(waits) == 2
    assert one.print(ORDER).pages == 1
