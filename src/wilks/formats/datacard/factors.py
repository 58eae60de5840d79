"""Lines of parameters: param, flatParam, rateParam, extArg, constr."""

from __future__ import annotations

import fnmatch
import math
import re

from wilks.errors import listed, nearest
from wilks.formats.datacard.records import Card, Constr, ExtArg, Param, RateParam
from wilks.formats.datacard.text import Problems, Word, interval, number


def param(card: Card, name: str, words: list[Word], problems: Problems) -> None:
    """Read `name param MEAN SIGMA [LOW,HIGH]`; the width may be -A/+B."""
    if len(words) < 4:
        problems.add(words[-1].where, f'"{name}": param needs a mean and a width (a number, or -A/+B)')
        return
    mean = number(words[2], problems, "a mean (a number)")
    widths = _widths(words[3], problems)
    bounds = interval(words[4], problems) if len(words) == 5 else None
    if len(words) > 5:
        ignored = listed((word.text for word in words[4:]), 3)
        text = f"words after the width are ignored, a range among them too, as in Combine: {ignored}"
        problems.remark(words[4].where, text)
    if mean is None or widths is None:
        return
    made = Param(name, mean, *widths, bounds, f"{words[0].file}:{words[0].line}")
    if name in card.params:
        problems.add(words[0].where, f'second param "{name}", the first is {card.params[name].where}')
    card.params.setdefault(name, made)


def _widths(word: Word, problems: Problems) -> tuple[float, float] | None:
    text = word.text
    if "/" not in text:
        width = number(word, problems, "a width (a number above 0, or -A/+B)")
        if width is not None and width <= 0:
            problems.add(word.where, f'"{text}" found, a width above 0 needed')
            return None
        return None if width is None else (width, width)
    low, _, high = text.partition("/")
    try:
        lower, upper = float(low.removeprefix("-")), float(high.removeprefix("+"))
    except ValueError:
        lower = upper = math.nan
    if not (low.startswith("-") and high.startswith("+") and 0 < lower < math.inf and 0 < upper < math.inf):
        problems.add(word.where, f'"{text}" found, -A/+B needed: both signs, and numbers above 0')
        return None
    return lower, upper


def flat_param(card: Card, name: str, words: list[Word], problems: Problems) -> None:
    """Read `name flatParam`: a parameter of something else, without constraint."""
    card.flat[name] = f"{words[0].file}:{words[0].line}"


def ext_arg(card: Card, name: str, words: list[Word], problems: Problems) -> None:
    """Read `name extArg VALUE [LOW,HIGH]`, or `[const]`."""
    if len(words) < 3:
        problems.add(words[-1].where, f'"{name}": extArg needs a value')
        return
    if ":" in words[-1].text:
        text = f'"{words[-1]}" is a RooWorkspace, which needs RooFit; a value with a range can be read'
        problems.add(words[-1].where, text)
        return
    value = number(words[2], problems)
    range_ = words[3] if len(words) > 3 else None
    constant = range_ is not None and range_.text.strip("[]") == "const"
    bounds = interval(range_, problems) if range_ is not None and not constant else None
    if value is not None:
        where = f"{words[0].file}:{words[0].line}"
        card.arguments[name] = ExtArg(name, value, _around(value, bounds, words[2], problems), constant, where)


def _around(
    value: float, bounds: tuple[float, float] | None, at: Word, problems: Problems
) -> tuple[float, float] | None:
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        problems.add(at.where, f"starts at {value:g}, outside of its range {bounds[0]:g} to {bounds[1]:g}")
    return bounds


def rate_param(card: Card, name: str, words: list[Word], problems: Problems) -> None:
    """Read `name rateParam CHANNEL PROCESS VALUE [LOW,HIGH]`, or `FORMULA ARGUMENTS`; names may be patterns."""
    if not 5 <= len(words) <= 6:
        form = "NAME rateParam CHANNEL PROCESS VALUE [LOW,HIGH], or FORMULA A,B,... in place of the value"
        problems.add(words[0].where, f"{len(words)} words found, needed: {form}")
        return
    text, last = words[4].text, words[5] if len(words) > 5 else None
    if last is None and ".root" in text and ":" in text:
        problems.add(words[4].where, f'"{text}" is an object of a RooWorkspace, which needs RooFit; it can\'t be read')
        return
    formula = last is not None and not ("[" in last.text and "]" in last.text)
    value = None if formula else number(words[4], problems, "a value (with a formula, its arguments A,B,... follow)")
    bounds = interval(last, problems) if last is not None and not formula else None
    if value is None and not formula:
        return
    if value is not None:
        _around(value, bounds, words[4], problems)
    arguments = tuple(last.text.split(",")) if last is not None and formula else ()
    known = {rate.block for rate in card.rates if rate.name == name}
    where = f"{words[0].file}:{words[0].line}"
    for block in _matching(card, words[2], words[3], problems):
        if block in known:
            problems.add(words[0].where, f'"{name}" multiplies process "{block[1]}" of "{block[0]}" already')
            continue
        card.rates.append(RateParam(name, block, value or 0.0, bounds, text if formula else "", arguments, where))


def _matching(card: Card, channel: Word, process: Word, problems: Problems) -> list[tuple[str, str]]:
    """Return the blocks that two names, or patterns, mean."""
    patterns = "*" in channel.text or "*" in process.text
    if patterns:
        found = [
            block
            for block in card.columns
            if fnmatch.fnmatchcase(block[0], channel.text) and fnmatch.fnmatchcase(block[1], process.text)
        ]
        if not found:
            problems.add(channel.where, f'no process "{process}" in a channel "{channel}": the patterns match nothing')
        return found
    for word, names, what in ((channel, card.channels, "channel"), (process, card.processes, "process")):
        if word.text not in names:
            hint = nearest(word.text, names)
            problems.add(word.where, f'no {what} "{word}"; there are {listed(names)}{hint}')
    block = channel.text, process.text
    known = channel.text in card.channels and process.text in card.processes
    if known and block not in card.columns:
        where = f"{channel.file}:{channel.line}"
        problems.remark(where, f'has no effect: there is no process "{process}" in channel "{channel}"')
    return [block] if block in card.columns else []


_WORD = re.compile(r"[A-Za-z_][\w.]*(?:::\w+)?(?!\w|\s*\()")
_NEW_WIDTH = re.compile(r"[A-Za-z_]\w*\[(?P<width>[^],]+)[^]]*\]")


def constr(card: Card, name: str, words: list[Word], problems: Problems) -> None:
    """Read `name constr FORMULA [{A,B,...}] WIDTH`; the width is a number, NAME[number], or a parameter."""
    if not 4 <= len(words) <= 5:
        form = "NAME constr FORMULA [{A,B,...}] WIDTH, without spaces in them"
        problems.add(words[0].where, f"{len(words)} words found, needed: {form}")
        return
    formula, last = words[2].text, words[-1]
    found = words[3].text.strip("{}").split(",") if len(words) == 5 else _WORD.findall(in_words_here(formula))
    made = _NEW_WIDTH.fullmatch(last.text)
    text = made["width"] if made else last.text
    width: float | str = text
    if made or not re.fullmatch(r"[A-Za-z_]\w*", text):
        size = number(Word(text, last.file, last.line, last.column), problems, "a width (a number above 0)")
        if size is None or size <= 0:
            if size is not None:
                problems.add(last.where, f'"{text}" found, a width above 0 needed')
            return
        width = size
    if name in card.constraints:
        problems.add(words[0].where, f'second constr "{name}", the first is {card.constraints[name].where}')
    where = f"{words[0].file}:{words[0].line}"
    card.constraints.setdefault(name, Constr(name, formula, tuple(dict.fromkeys(found)), width, where))


_ROOT = {
    "Power": "pow",
    "Exp": "exp",
    "Log": "log",
    "Sqrt": "sqrt",
    "Max": "max",
    "Min": "min",
}
_ROOT_NAME = re.compile(r"TMath::(" + "|".join(_ROOT) + r")\b")


def in_words_here(formula: str) -> str:
    """Return a formula of ROOT with the functions' names as they are here, without quotes.

    >>> in_words_here("'@0*TMath::Power(@1,2)'")
    '@0*pow(@1,2)'
    """
    return _ROOT_NAME.sub(lambda match: _ROOT[match[1]], formula.strip("'\""))
