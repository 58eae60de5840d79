"""Results as tables: yields, parameters, effects of systematics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wilks.errors import InputError, listed, nearest
from wilks.results.fit import FitResult
from wilks.results.prediction import ChannelPrediction, Prediction
from wilks.results.summary import parameter_table
from wilks.results.yields import yields_per_bin, yields_per_channel
from wilks.selection import natural
from wilks.table import Table

if TYPE_CHECKING:
    from wilks.templates.record import Effect
    from wilks.templates.store import Templates

__all__ = ["norm_effects", "parameters", "yields"]


def yields(prediction: Prediction, *, per_bin: bool = False, channels: Sequence[str] | None = None) -> Table:
    """Return the yields of samples, total and data, with uncertainties.

    One column per channel with sums over its bins (uncertainties with all correlations), one row where there are more
    than eight of them; with `per_bin` one row per bin and one column per sample. Only the channels named, if any are.
    Raises InputError for unknown channels.
    """
    chosen = _chosen(prediction, channels)
    return yields_per_bin(prediction, chosen) if per_bin else yields_per_channel(prediction, chosen)


def parameters(result: FitResult) -> Table:
    """Return the fitted parameters: value with uncertainty, pull, constraint (post-fit / pre-fit uncertainty), remark.

    Parameters that are fixed or at a bound say so and have no uncertainty.
    """
    return parameter_table(result)


def norm_effects(templates: Templates) -> Table:
    """Return by how much each systematic changes the yield of each sample in each region: up and down in percent.

    Systematics are in the order of the figures. Only templates that `process_templates` made have effects. A star
    marks effects that pruning left out.
    """
    from wilks.templates.order import systematics_in_order

    effects = {(e.region, e.systematic, e.sample): e for e in templates.effects}
    acting = {(region, systematic) for region, systematic, _ in effects}
    order = systematics_in_order(templates.effects)
    samples = list(dict.fromkeys(effect.sample for effect in templates.effects))
    rows = [
        (region, systematic, *(_norm(effects.get((region, systematic, sample))) for sample in samples))
        for region in dict.fromkeys(effect.region for effect in templates.effects)
        for systematic in order
        if (region, systematic) in acting
    ]
    header = ("region", "systematic", *samples)
    return Table("Effects on yields in percent, up / down", header, tuple(rows), "ll" + "r" * len(samples))


def _norm(effect: Effect | None) -> str:
    if effect is None:
        return ""
    up, down = (f"{100.0 * change:+.2f}" for change in effect.norm)
    return f"{up} / {down}{'' if effect.keep_norm else ' *'}"


def _chosen(prediction: Prediction, names: Sequence[str] | None) -> list[ChannelPrediction]:
    if names is None:
        return [prediction[name] for name in natural(prediction.channel_names)]
    names = [names] if isinstance(names, str) else list(names)
    known = prediction.channel_names
    unknown = [
        f'there is no channel "{name}" in this prediction, only {listed(known)}{nearest(name, known)}'
        for name in names
        if name not in known
    ]
    if unknown:
        raise InputError(unknown)
    return [prediction[name] for name in names]


def __dir__() -> list[str]:
    return sorted(__all__)
