"""Parameters of bins that yields and their uncertainties constrain: those of staterrors and shapesys."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.workspace.spec import Channel, Modifier, Sample, ShapeFactor, ShapeSys, StatError

Use: TypeAlias = tuple[Channel, Sample, Modifier]

# Relative uncertainties of a shared shapesys may differ by what single precision loses.
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class Gammas:
    """What constrains one parameter per bin, arrays of shape (components,).

    `constraint` is "normal", with centre 1 and width `sigma`, "poisson", with counts and rates `tau`, or "added" (no
    factors: centre 0, width 1). Components without yield or uncertainty (sigma 0, tau 1), and those with less than the
    threshold, are `constant`.
    """

    constraint: str
    sigma: FloatArray
    tau: FloatArray
    constant: BoolArray


def uses_per_bin(channels: list[Channel]) -> dict[tuple[type, str], list[Use]]:
    """Return where every modifier acts that has a parameter per bin: channels sorted by name, samples as they stand."""
    uses: dict[tuple[type, str], list[Use]] = {}
    for channel in sorted(channels, key=lambda c: c.name):
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if (kind := type(modifier)) is StatError or kind is ShapeFactor or kind is ShapeSys:
                    uses.setdefault((kind, modifier.name), []).append((channel, sample, modifier))
    return uses


def staterror_gammas(uses: list[Use]) -> Gammas:
    """Return the gammas of a staterror: sigma_b = sqrt(sum unc^2) / sum nominal over the samples that carry it.

    A name used in several channels gets the components of these channels one after the other.
    """
    sigmas, first = [], uses[0][2]
    for _, group in groupby(uses, key=lambda use: use[0].name):
        carriers = [(sample.data, modifier.data) for _, sample, modifier in group if isinstance(modifier, StatError)]
        nominal = np.sum([np.asarray(data, np.float64) for data, _ in carriers], axis=0)
        variance = np.sum([np.asarray(unc, np.float64) ** 2 for _, unc in carriers], axis=0)
        sigmas.append(np.where(nominal > 0, np.sqrt(variance) / np.where(nominal > 0, nominal, 1.0), 0.0))
    sigma = np.concatenate(sigmas)
    empty = sigma == 0
    if _choices(first)[0] == "added":
        empty = np.concatenate([~np.any([m.data for _, _, m in group], axis=0) for group in _by_channel(uses)])
        return Gammas("added", np.ones(sigma.size), np.ones(sigma.size), empty)
    tau = np.where(empty, 1.0, 1.0 / np.where(empty, 1.0, sigma) ** 2)
    constraint, threshold = _choices(first)
    return Gammas(constraint, sigma, tau, empty | (sigma < threshold))


def _by_channel(uses: list[Use]) -> list[list[tuple[Channel, Sample, StatError]]]:
    """Return the staterrors among the uses, channel by channel."""
    found: dict[str, list[tuple[Channel, Sample, StatError]]] = {}
    for channel, sample, modifier in uses:
        if isinstance(modifier, StatError):
            found.setdefault(channel.name, []).append((channel, sample, modifier))
    return list(found.values())


def shapesys_gammas(uses: list[Use]) -> Gammas:
    """Return the gammas of a shapesys: tau = (nominal / uncertainty)^2, of the first sample with both in a bin."""
    constraint, _ = _choices(uses[0][2])
    sigma = np.zeros(len(uses[0][1].data))
    tau, empty = np.ones(sigma.size), np.ones(sigma.size, np.bool_)
    for _, sample, modifier in uses:
        nominal, uncertainty = np.asarray(sample.data, np.float64), np.asarray(modifier.data, np.float64)
        valid = empty & (nominal > 0) & (uncertainty > 0)
        tau = np.where(valid, nominal**2 / np.where(valid, uncertainty, 1.0) ** 2, tau)
        sigma = np.where(valid, uncertainty / np.where(valid, nominal, 1.0), sigma)
        empty = empty & ~valid
    return Gammas(constraint, sigma, tau, empty)


def contradictions(uses: list[Use]) -> list[str]:
    """Return what staterrors or shapesys of one name say differently, though they have the same parameters."""
    modifier = uses[0][2]
    kind = str(modifier.__struct_config__.tag)
    found = []
    for place, key in enumerate(("constraint", "threshold")):
        said = {_choices(use[2])[place]: use for use in uses}
        if len(said) > 1:
            (one, a), (other, b) = list(said.items())[:2]
            found.append(
                f'{kind} "{modifier.name}" has {key} {_shown(one)} on {_place(a)} and {_shown(other)} on {_place(b)}; '
                "say the same on all that have this name"
            )
    if kind == "shapesys" and len(uses) > 1:
        found += _not_shared(uses)
    return found


def _not_shared(uses: list[Use]) -> list[str]:
    """Return why shapesys of one name can't have the same parameters."""
    name = uses[0][2].name
    if not all(getattr(use[2], "shared", None) for use in uses):
        first, other = sorted(uses, key=lambda use: (use[0].name, use[1].name))[:2]
        return [
            f'shapesys "{name}" is used by sample "{first[1].name}" in channel "{first[0].name}" and '
            f'again by "{other[1].name}" in "{other[0].name}"; every shapesys needs a name of its own, or "shared": '
            "true on all of this name, for parameters in common"
        ]
    size = len(uses[0][1].data)
    if other_size := [use for use in uses if len(use[1].data) != size]:
        return [
            f'shapesys "{name}" is shared by {_place(uses[0])} with {size} bins and by {_place(other_size[0])} with '
            f"{len(other_size[0][1].data)}; there is one parameter per bin"
        ]
    common = shapesys_gammas(uses).sigma
    for use in uses:
        sigma = shapesys_gammas([use]).sigma
        if (differing := np.flatnonzero((sigma > 0) & (np.abs(sigma - common) > _SAME * common))).size:
            b = int(differing[0])
            return [
                f'shapesys "{name}" is shared, but its relative uncertainty in bin {b} is {sigma[b]:.6g} on '
                f"{_place(use)} and {common[b]:.6g} on others; a parameter has one constraint"
            ]
    return []


def _choices(modifier: Modifier) -> tuple[str, float]:
    """Return constraint and threshold of a staterror or shapesys, where it says nothing pyhf's."""
    if isinstance(modifier, StatError) and modifier.effect == "added":
        return "added", 0.0
    if isinstance(modifier, StatError):
        return modifier.constraint or "normal", float(modifier.threshold or 0.0)
    given = modifier.constraint if isinstance(modifier, ShapeSys) else None
    return given or "poisson", 0.0


def _shown(value: str | float) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _place(use: Use) -> str:
    return f'sample "{use[1].name}" in channel "{use[0].name}"'
