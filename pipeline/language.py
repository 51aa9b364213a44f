"""Saying a text in the reader's language: catalogues, plurals, and text written per language.

Catalogues are gettext `.po` files in `reports/templates/locale/<lang>/<domain>.po`; the message id is the
English text, so a missing translation shows English rather than a key. Number, money and date formats
belong to report/i18n.py.
"""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from functools import cache

from pipeline.bundled import templates_dir

LANGUAGES = ("en", "ru")
PLURALS = {
    "en": lambda n: 0 if n == 1 else 1,
    "ru": lambda n: (
        0 if n % 10 == 1 and n % 100 != 11 else 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2
    ),
}


class Speech:
    """Translations of one language. `speech("template")` gives the text, `speech.count(...)` a plural."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._singular, self._plural = _catalogue(lang)

    def __call__(self, message: str, **params: object) -> str:
        text = self._singular.get(message, message)
        return text.format(**params) if params else text

    def typeset(self, text: str) -> str:
        """A finished sentence with this language's quotation marks: values come to it in English ones."""
        return text.replace("“", "«").replace("”", "»") if self.lang == "ru" else text

    def has(self, message: str) -> bool:
        """Whether this language says `message` in its own words (always so in English)."""
        return self.lang == "en" or message in self._singular

    def count(self, one: str, many: str, n: int, **params: object) -> str:
        """`one` or `many` by the language's plural rule for n; `{n}` is filled in."""
        forms = self._plural.get(one, (one, many) if self.lang == "en" else (one, many, many))
        return forms[min(PLURALS[self.lang](abs(n)), len(forms) - 1)].format(n=n, **params)


@cache
def speech(lang: str) -> Speech:
    return Speech(lang if lang in LANGUAGES else "en")


def user_language(environ: Mapping[str, str] | None = None) -> str:
    """The language of the person at the terminal: SCORECARDS_LANG, else the locale, else English."""
    env = os.environ if environ is None else environ
    for name in ("SCORECARDS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if env.get(name):
            code = env[name][:2].lower()
            return code if code in LANGUAGES else "en"
    try:
        code = (locale.getlocale()[0] or "en")[:2].lower()
    except ValueError:
        return "en"
    return code if code in LANGUAGES else "en"


def pick(texts: Mapping[str, str] | str | None, lang: str) -> str:
    """A text that a person wrote per language; the other language's when this one is not written."""
    if texts is None:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(lang) or next((text for text in texts.values() if text), "")


@cache
def _catalogue(lang: str) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    singular: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    folder = templates_dir() / "locale" / lang
    for path in sorted(folder.glob("*.po")):
        one, many = _read_po(path.read_text("utf-8"))
        singular.update(one)
        plural.update(many)
    return singular, plural


def _read_po(text: str) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Messages of a `.po` file. Babel's reader, imported only when a language other than English is used."""
    from io import StringIO

    from babel.messages.pofile import read_po

    singular: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    for message in read_po(StringIO(text)):
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, (tuple, list)):
            forms = tuple(str(part) for part in message.string or () if part)
            if forms:
                plural[message.id[0]] = forms
        elif message.string:
            singular[str(message.id)] = str(message.string)
    return singular, plural
