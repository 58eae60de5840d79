"""Channels of a workspace as HS3 distributions, with the modifiers as ROOT 6.40 reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wilks.axis import Axis
from wilks.formats.hs3.spelling import Spelling
from wilks.workspace.spec import (
    Channel,
    HistoSys,
    Lumi,
    Modifier,
    NormFactor,
    NormSys,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)

Tell = Callable[[str, str, str], None]
_CODES = {"code0": 0, "code1": 1, "code2": 2, "code4": 4, "code4p": 4, "code5": 5, "combine": 4}


def channel_out(
    channel: Channel, axis: Axis | None, spelling: Spelling, constraints: dict[str, str], tell: Tell
) -> dict[str, Any]:
    """Return a channel as a histfactory_dist; `constraints` are names of distributions by parameter of the file."""
    staterrors = _staterrors(channel)
    main = staterrors[0] if staterrors else None
    place = f'channel "{channel.name}"'
    if len(staterrors) > 1:
        others = ", ".join(f'"{name}"' for name in staterrors[1:])
        text = f"HS3 has one staterror in a channel; {others} written as shapesys with the same widths and parameters"
        tell(place, text, "read as")
    entry: dict[str, Any] = {
        "name": f"model_{spelling.channels[channel.name]}",
        "type": "histfactory_dist",
        "axes": [axis_out(channel, axis, spelling)],
        "samples": [sample_out(channel, sample, spelling, constraints, main, tell) for sample in channel.samples],
    }
    if main is not None:
        kind, threshold = _staterror(channel, main)
        entry["staterror"] = {"constraint_type": kind, "relThreshold": threshold}
        entry["barlow_beeston_method"] = "lite"
    return entry


def axis_out(channel: Channel, axis: Axis | None, spelling: Spelling) -> dict[str, Any]:
    """Return the axis of a channel: its edges, or numbers of bins where they aren't known."""
    name = f"obs_x_{spelling.channels[channel.name]}"
    if axis is not None:
        return {"name": name, "edges": axis.edges.tolist()}
    bins = len(channel.samples[0].data)
    return {"name": name, "min": 0.0, "max": float(bins), "nbins": bins}


def _staterrors(channel: Channel) -> list[str]:
    names = [m.name for sample in channel.samples for m in sample.modifiers if isinstance(m, StatError)]
    return list(dict.fromkeys(names))


def _staterror(channel: Channel, name: str) -> tuple[str, Any]:
    """Return constraint and threshold of a staterror."""
    modifiers = (m for sample in channel.samples for m in sample.modifiers)
    modifier = next(m for m in modifiers if isinstance(m, StatError) and m.name == name)
    return "Poisson" if modifier.constraint == "poisson" else "Gauss", modifier.threshold or 0.0


def sample_out(
    channel: Channel, sample: Sample, spelling: Spelling, constraints: dict[str, str], main: str | None, tell: Tell
) -> dict[str, Any]:
    """Return a sample; its errors are those of the channel's staterror."""
    data: dict[str, Any] = {"contents": sample.data}
    errors = [m.data for m in sample.modifiers if isinstance(m, StatError) and m.name == main]
    if errors:
        data["errors"] = errors[0]
    modifiers = [
        modifier_out(channel, sample, modifier, spelling, constraints, main, tell) for modifier in sample.modifiers
    ]
    return {"name": sample.name, "data": data, "modifiers": modifiers}


def modifier_out(
    channel: Channel,
    sample: Sample,
    modifier: Modifier,
    spelling: Spelling,
    constraints: dict[str, str],
    main: str | None,
    tell: Tell,
) -> dict[str, Any]:
    """Return a modifier as ROOT 6.40 writes it."""
    place = f'channel "{channel.name}", sample "{sample.name}", modifier "{modifier.name}"'
    if isinstance(modifier, ShapeFactor | ShapeSys | StatError):
        return _per_bin(channel, sample, modifier, spelling, main)
    parameter = spelling.of(modifier.name)
    entry: dict[str, Any] = {"name": modifier.name, "parameter": parameter}
    if parameter in constraints:
        entry["constraint_name"] = constraints[parameter]
    match modifier:
        case NormSys():
            data: dict[str, Any] = {"lo": modifier.data.lo, "hi": modifier.data.hi}
            entry |= {"type": "normsys", "data": data, **_interpolation(modifier.interpolation, data)}
            if modifier.interpolation == "combine":
                tell(place, "Combine's interpolation can't be said; others use code4, which is near", "approximate")
        case HistoSys():
            data = {"lo": {"contents": modifier.data.lo_data}, "hi": {"contents": modifier.data.hi_data}}
            entry |= {"type": "histosys", "data": data, **_interpolation(modifier.interpolation, data)}
            if modifier.interpolation not in (None, "code4p"):
                text = f"{modifier.interpolation}: ROOT 6.40 reads no interpolation of a histosys, it uses code4p"
                tell(place, text, "approximate")
        case Lumi():
            entry |= {"name": parameter, "type": "normfactor"}
        case NormFactor():  # ROOT takes the name for the parameter's
            entry |= {"name": parameter, "type": "normfactor"}
    if modifier.name in spelling.functions and not isinstance(modifier, NormFactor):
        tell(place, "a function steers it; ROOT 6.40 takes parameters only there", "approximate")
    return entry


def _interpolation(code: str | None, data: dict[str, Any]) -> dict[str, Any]:
    """Return ROOT's number of an interpolation; pyhs3's word for it stands in the data."""
    if code is None:
        return {}
    data["interpolation"] = code
    return {"interpolation": _CODES[code]}


def _per_bin(
    channel: Channel, sample: Sample, modifier: Modifier, spelling: Spelling, main: str | None
) -> dict[str, Any]:
    """Return a modifier with a parameter per bin."""
    bins = spelling.bins[modifier.name]
    start, size = bins.first[channel.name], len(sample.data)
    entry: dict[str, Any] = {"name": modifier.name, "parameters": list(bins.names[start : start + size])}
    if isinstance(modifier, ShapeFactor):  # ROOT has no other way to say it
        return {**entry, "type": "shapesys", "constraint_type": "Gauss", "data": {"vals": [0.0] * size}}
    kind = "Poisson" if bins.gammas is not None and bins.gammas.constraint == "poisson" else "Gauss"
    if isinstance(modifier, StatError) and modifier.name == main:
        return {**entry, "type": "staterror", "constraint_type": kind}
    vals = bins.widths[start : start + size].tolist()
    data: dict[str, Any] = {"vals": vals}
    if isinstance(modifier, ShapeSys):
        data["uncertainties"] = modifier.data
    return {**entry, "type": "shapesys", "constraint_type": kind, "data": data}
