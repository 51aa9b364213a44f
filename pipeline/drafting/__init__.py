"""From a sentence to the draft of a goal file: words are read, never guessed beyond.

Here: reading a sentence in one of the languages of `lexicon/` (quantities, times, KPIs, people, clauses),
putting a goal together, and writing it as YAML with what is missing marked. Not here: checking a goal file
(workspace/), verdicts that need data (goals/smart.py), or what a command prints (assets/).

`draft.draft_sentence` is the way in.
"""
