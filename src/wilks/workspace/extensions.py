"""What a document says that pyhf's format can't: which fields, where, and that its version says so.

A document without any of these fields is pyhf's, with pyhf's version. One with any has the version "wilks-1", so that
pyhf refuses it instead of reading another model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wilks.workspace.either import get, items

PYHF, WILKS = "1.0.0", "wilks-1"

_SHOWN = 3  # places in a sentence
_OF_MODIFIERS = ("interpolation", "constraint", "threshold", "shared")

_NOT_THERE = {
    "functions": "functions of parameters",
    "transforms": "transforms between a parameter and its effect",
    "correlations": "correlations between constraints",
    "masks": "masks",
    "clip": "clipping of negative yields",
}
"""Keys of a document that are kept free, and what they will say."""

_WHY_NOT = {
    "gauss": '; did you mean "normal"?',
    "gaussian": '; did you mean "normal"?',
    "pois": '; did you mean "poisson"?',
    "gamma": '; a Gamma constraint is "poisson", with the same auxdata and factors',
    "lognormal": '; a log-normal factor is a normsys (lo = 1/kappa, hi = kappa) with interpolation "code1"',
    "uniform": '; flat on a range is "none", with bounds',
    "flat": '; flat on a range is "none", with bounds',
    "free": '; did you mean "none"?',
    "unconstrained": '; did you mean "none"?',
    "code5": "; of a normsys it is the same as code4, of a histosys it can't be said yet",
    **dict.fromkeys(("code0", "code1", "code2"), "; this code can't be said yet for such a modifier"),
}
"""Words of other formats, and how they are said here."""


def version_mistakes(document: Any) -> list[str]:
    """Return a sentence where the version is unknown, or isn't that of what the document says."""
    version = get(document, "version")
    if not isinstance(version, str) or version == WILKS:
        return []
    if version != PYHF:
        return [f'version: "{version}" found, only "{PYHF}" and "{WILKS}" are known']
    found = list(extensions(document))
    if not found:
        return []
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [f'version: "{PYHF}" found, "{WILKS}" needed: pyhf can\'t say {", ".join(found[:_SHOWN])}{more}']


def extensions(document: Any) -> Iterator[str]:
    """Yield the place of everything in a `Document`, or in plain JSON data, that pyhf's format can't say."""
    for i, channel in enumerate(items(document, "channels")):
        for j, sample in enumerate(items(channel, "samples")):
            for k, modifier in enumerate(items(sample, "modifiers")):
                for key in _OF_MODIFIERS:
                    if get(modifier, key) is not None:
                        yield f"channels[{i}].samples[{j}].modifiers[{k}].{key}"
    yield from (key for key in ("data_sets", "groups") if get(document, key) is not None)
    for i, measurement in enumerate(items(document, "measurements")):
        if get(get(measurement, "config"), "pois") is not None:
            yield f"measurements[{i}].config.pois"
        for j, settings in enumerate(items(get(measurement, "config"), "parameters")):
            at = f"measurements[{i}].config.parameters[{j}]"
            if get(settings, "constraint") is not None:
                yield f"{at}.constraint"
            if isinstance(get(settings, "fixed"), list):
                yield f"{at}.fixed"


def not_there(key: str) -> str:
    """Return the end of a sentence about an unknown key that is kept free for later, else nothing."""
    return f"; {_NOT_THERE[key]} can't be said yet" if key in _NOT_THERE else ""


def why_not(value: str) -> str:
    """Return the end of a sentence about a word of another format, else nothing."""
    return _WHY_NOT.get(value.casefold(), "")
