"""What the command line's parser refuses, as a sentence in the user's language.

Here: wording of the parser's own complaints, read from its exceptions by their class and fields rather than
by their English text. Not here: which commands and options there are (cli.py), usage errors that a command
finds itself. Imports nothing heavy: a mistyped option is answered at once.
"""

from __future__ import annotations

from typing import Any, get_args

from pipeline.errors import nearest, shown
from pipeline.language import Speech


def usage_text(error: Any, say: Speech) -> str:
    """The sentence for a complaint of the parser, with what to write instead."""
    kind = type(error).__name__
    text = _SENTENCES[kind](error, say) if kind in _SENTENCES else str(error.format_message())
    return text if text.endswith((".", "?")) else f"{text}."


def extra_text(extra: list[str], wants_words: bool, say: Speech) -> str:
    """Of words that no argument is there for. `wants_words`: the command takes a sentence, of which the
    quotation marks were forgotten."""
    text = say.count(
        "{names} is one argument too many.",
        "{names} are {n} arguments too many.",
        len(extra),
        names=say.typeset(f"“{shown(' '.join(extra))}”"),
    )
    return f"{text} {say('Put the whole sentence in quotation marks.')}" if wants_words else text


def _no_option(error: Any, say: Speech) -> str:
    text = say("There is no option {name}.", name=error.option_name)
    possible = list(getattr(error, "possibilities", None) or [])
    return f"{text} {say('Did you mean {near}?', near=possible[0])}" if possible else text


def _missing(error: Any, say: Speech) -> str:
    return say("{name} is missing.", name=_name(error.param)) if error.param else str(error.format_message())


def _option_misused(error: Any, say: Speech) -> str:
    """A value that is missing, or one too many; the parser tells the two apart by its words alone."""
    if "does not take" in error.message:
        return say("{name} takes no value. Write it alone.", name=error.option_name)
    return say("{name} needs a value after it.", name=error.option_name)


def _bad_value(error: Any, say: Speech) -> str:
    """A value outside the choices or the range of its option."""
    param, given = error.param, _given(error)
    if param is None or given is None:
        return str(error.format_message())
    name, value = _name(param), say.typeset(f"“{shown(given)}”")
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    if choices := [str(one) for one in get_args(annotation)]:
        text = say("{name} cannot be {value}.", name=name, value=value)
        near = nearest(given, choices)
        if near:
            return f"{text} {say('Did you mean {near}?', near=near)}"
        return f"{text} {say('Choose one of: {choices}.', choices=', '.join(choices))}"
    low, high = getattr(param, "min", None), getattr(param, "max", None)
    if low is not None and high is not None:
        template = "{name} takes a whole number from {low} to {high}, not {value}."
        return say(template, name=name, low=low, high=high, value=value)
    if low is not None:
        return say("{name} takes a whole number from {low} up, not {value}.", name=name, low=low, value=value)
    return say("{name} cannot be {value}.", name=name, value=value)


def _given(error: Any) -> str | None:
    """The value as it was typed: the validator behind the parser keeps it."""
    details = getattr(error.__cause__, "errors", None)
    found = details() if callable(details) else ()
    return str(found[0]["input"]) if found else None


def _name(param: Any) -> str:
    """An option by its dashes, an argument by the word that stands for it in the usage line."""
    names = [*getattr(param, "opts", [])] or [param.name]
    if names[0].startswith("-"):
        return str(names[0])
    return str(param.metavar or names[0]).removesuffix("...").strip("[]")


_SENTENCES = {
    "NoSuchOption": _no_option,
    "MissingParameter": _missing,
    "BadOptionUsage": _option_misused,
    "BadParameter": _bad_value,
}
"""The parser's exceptions by name: importing their classes would tie us to its private modules."""
