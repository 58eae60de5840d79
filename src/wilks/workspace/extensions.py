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
_OF_MODIFIERS = ("interpolation", "constraint", "threshold", "shared", "effect")

_OF_DOCUMENTS = ("data_sets", "groups", "functions", "masks")
_OF_MEASUREMENTS = ("pois", "correlations", "clip")
_OF_PARAMETERS = ("constraint", "lower_sigmas")

_ELSEWHERE = {
    "transforms": "; a transform between a parameter and its effect is a function that steers the modifier of its name",
    "constraints": "; constraints stand in the settings of the measurement's parameters",
}
"""Keys that one may look for, and where their content stands."""

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
            if get(sample, "morphing") is not None:
                yield f"channels[{i}].samples[{j}].morphing"
            for k, modifier in enumerate(items(sample, "modifiers")):
                for key in _OF_MODIFIERS:
                    if get(modifier, key) is not None:
                        yield f"channels[{i}].samples[{j}].modifiers[{k}].{key}"
    yield from (key for key in _OF_DOCUMENTS if get(document, key) is not None)
    for i, measurement in enumerate(items(document, "measurements")):
        config = get(measurement, "config")
        yield from (f"measurements[{i}].config.{key}" for key in _OF_MEASUREMENTS if get(config, key) is not None)
        for j, settings in enumerate(items(get(measurement, "config"), "parameters")):
            at = f"measurements[{i}].config.parameters[{j}]"
            yield from (f"{at}.{key}" for key in _OF_PARAMETERS if get(settings, key) is not None)
            if isinstance(get(settings, "fixed"), list):
                yield f"{at}.fixed"


def elsewhere(key: str) -> str:
    """Return the end of a sentence about an unknown key that means something that is said in another way."""
    return _ELSEWHERE.get(key, "")


def why_not(value: str) -> str:
    """Return the end of a sentence about a word of another format, else nothing."""
    return _WHY_NOT.get(value.casefold(), "")
