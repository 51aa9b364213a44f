"""What a language must say so that its sentences can be read: one record of phrases by meaning.

Here: the shape of a lexicon. Not here: words. A phrase is words with blanks between; a word that ends in `*`
stands for every word that begins so, one that ends in `!` for itself alone; other words match whatever ending
the language gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Phrases = Mapping[str, tuple[str, ...]]
"""Meaning -> the phrases that have it."""
Way = Literal["up", "down", ""]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Everything about one language. Keys of the mappings are the same in every language. One object a
    language, compared by identity, so that what is made from it can be kept."""

    code: str
    letters: str
    """A regular expression for letters that only this language has; not used for the first language."""
    endings: tuple[str, ...]
    """What inflection puts at the end of a word; the longest that fits is taken off."""
    shortest: int
    """Letters of a word that are never taken off."""
    decimal_mark: str
    verbs: Phrases
    """up, down, better, reach, keep."""
    multiples: Mapping[str, tuple[Way, int | Fraction]]
    """double -> (up, 2), halve -> (down, 2); without a way the sentence's verb decides."""
    times_word: tuple[str, ...]
    """After a number: "3 times"."""
    fractions: Mapping[str, tuple[int, int]]
    """a third -> (1, 3)."""
    numbers: Mapping[str, int]
    magnitudes: Mapping[str, int]
    units: Phrases
    """% (per cent), pp (percentage points), hours."""
    currencies: Phrases
    """ISO code -> its names and signs."""
    roles: Phrases
    """Words before a quantity: from, to, by, least, most, level (names a value)."""
    more: Phrases
    """more, fewer: after a quantity they make it a change ("20 more")."""
    after: Phrases
    """least, most: "or more", "or less" after a quantity."""
    between: tuple[str, ...]
    """Before a range of two numbers."""
    per: Phrases
    """day, week, month, quarter, year: "a week", "weekly"."""
    recurring: tuple[str, ...]
    """Words that repeat a change ("by 10 % every month") instead of naming a rate ("monthly sales")."""
    prior_year: tuple[str, ...]
    from_baseline: tuple[str, ...]
    """Phrases that say the change is against today's figure."""
    time_roles: Phrases
    """Words before a time: in, by (deadline), until, through (deadline included), before, from, within
    (before a number of weeks)."""
    time_units: Phrases
    """day, week, month, quarter, half, year."""
    half_letter: str
    months: tuple[tuple[str, ...], ...]
    """Twelve groups of names, January first."""
    relative: Phrases
    """this, next, last."""
    ordinals: Mapping[str, int]
    ends: tuple[str, ...]
    """end (of)."""
    begins: tuple[str, ...]
    """beginning (of)."""
    end_compounds: Phrases
    """year, quarter, month -> one-word deadlines such as year-end."""
    inexact: tuple[str, ...]
    """mid, early, late: before a time they make it inexact."""
    year_words: tuple[str, ...]
    """Words after a year's number that belong to it."""
    fiscal_words: tuple[str, ...]
    range_words: tuple[str, ...]
    """Between two dates of a range: to, по."""
    means: tuple[str, ...]
    """Phrases that begin the means; in English `by` with a verb in -ing is one too."""
    means_before_ending: Mapping[str, str]
    """Word -> ending of the next word that makes the two begin the means: by -> ing."""
    not_means: tuple[str, ...]
    """Words with that ending that are no verbs."""
    joins: tuple[str, ...]
    """Between two items or two goals: and."""
    conditions: tuple[str, ...]
    """Before a second goal that must hold at the same time: at a, while."""
    owner: tuple[str, ...]
    """Before the owner's name: owner, led by."""
    owner_by: tuple[str, ...]
    """Before a name in capitals: by."""
    each: tuple[str, ...]
    """each rep: one goal a person."""
    team: tuple[str, ...]
    """team, department."""
    kpis: Mapping[str, tuple[str, ...]]
    """KPI id -> further names beside those of the catalogue."""
    counted: Mapping[str, tuple[str, ...]]
    """KPI id -> names that mean it only right after a number ("40 customers", but not "customer service")."""
    shared_names: Mapping[str, tuple[str, ...]]
    """A name that several KPIs could be meant by -> their ids; without any, it names no KPI."""
    articles: tuple[str, ...]
    """Passed over inside a time or before a name: the, of."""
    silent: tuple[str, ...]
    """Words that carry nothing of their own: articles, prepositions."""
