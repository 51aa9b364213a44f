"""The languages a sentence may be written in, and which one a sentence is in.

Here: the list of lexicons. Not here: any word (one module per language) or how words are read (the modules
above this folder). A further language is one more module with a LEXICON, named here.
"""

from __future__ import annotations

import re

from pipeline.drafting.lexicon.en import LEXICON as _EN
from pipeline.drafting.lexicon.model import Lexicon
from pipeline.drafting.lexicon.ru import LEXICON as _RU

LEXICONS: dict[str, Lexicon] = {one.code: one for one in (_EN, _RU)}
"""The first is the language of a sentence that shows no other."""


def lexicon_of(sentence: str) -> Lexicon:
    """The language whose own letters the sentence has: one Russian word makes a sentence Russian, since
    Russian sentences hold Latin words (CAC, churn) and English ones hold no Cyrillic."""
    for one in list(LEXICONS.values())[1:]:
        if re.search(one.letters, sentence, re.IGNORECASE):
            return one
    return next(iter(LEXICONS.values()))
