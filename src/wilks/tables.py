"""Results as tables: yields, parameters, effects of systematics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    from wilks.workspace.acting import Acting
    from wilks.workspace.workspace import Workspace

__all__ = ["changes", "modifiers", "norm_effects", "parameters", "yields"]


def yields(prediction: Prediction, *, per_bin: bool = False, channels: Sequence[str] | None = None) -> Table:
    """Return the yields of samples, total and data, with uncertainties.

    One column per channel with sums over its bins (uncertainties with all correlations), one row where there are more
    than eight of them; with `per_bin` one row per bin and one column per sample. Only the `channels` named, if any are.
    Raises InputError for unknown channels.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> print(wilks.tables.yields(wilks.predict(model)))
    Yields, pre-fit
    <BLANKLINE>
    sample  electrons      muons
    ------  ---------  ---------
    WZ       910 ± 40  1230 ± 33
    ZZ        106 ± 4    148 ± 4
    Fakes    160 ± 40    94 ± 26
    total   1180 ± 60  1470 ± 50
    data         1192       1579
    """
    chosen = _chosen(prediction, channels)
    return yields_per_bin(prediction, chosen) if per_bin else yields_per_channel(prediction, chosen)


def parameters(result: FitResult) -> Table:
    """Return the fitted parameters: value with uncertainty, pull, constraint (post-fit / pre-fit uncertainty), remark.

    Parameters that are fixed or at a bound say so and have no uncertainty.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> table = wilks.tables.parameters(wilks.fit(model))
    >>> [row[0] for row in table.rows][:3]
    ['mu', 'Jet energy scale', 'WZ modelling']
    """
    return parameter_table(result)


def changes(results: Mapping[str, FitResult], *, rows: int = 20) -> Table:
    """Return what changes most from the first of several fits, by label, to the others: at most so many `rows`.

    A change is in units of the pre-fit uncertainty, of a parameter without one in those of its uncertainty in the first
    fit; it is empty where a fit lacks the parameter or holds it. Staterror parameters are left out where there are
    others. Raises InputError for fewer than two fits, and for no rows.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> fits = {"free": wilks.fit(model), "mu = 1": wilks.fit(model, fixed={"mu": 1.0})}
    >>> wilks.tables.changes(fits, rows=3).header[:3]
    ('parameter', 'free', 'mu = 1')
    """
    from wilks.results.changes import changes as changes_of
    from wilks.results.changes import largest

    if len(results) < 2 or rows < 1:
        raise InputError("changes are those between two fits or more, in at least one row")
    types = {name: each for fit in results.values() for name, each in zip(fit.names, fit.modifier_types, strict=True)}
    others = [name for name in types if "staterror" not in types[name]] or list(types)
    shifts = changes_of(results, others)
    order = sorted(others, key=lambda name: -largest(shifts[name]))
    first, *further = results
    header = ("parameter", *results, *(f"change in {name}" for name in further))
    cells = tuple(
        (
            name,
            *(_fitted(fit, name) for fit in results.values()),
            *(f"{shift:+.2f}" if math.isfinite(shift) else "" for shift in shifts[name]),
        )
        for name in order[:rows]
    )
    title = f"Changes from {first}, in pre-fit uncertainties"
    if len(order) > rows:
        title += f": the {rows} largest of {len(order)}"
    return Table(title, header, cells, "l" + "r" * (len(header) - 1))


def _fitted(fit: FitResult, name: str) -> str:
    """Return the value of a parameter in a fit, and why it has no uncertainty; empty where there is none."""
    if name not in fit.names:
        return ""
    _, value, _, _, remark = parameter_table(fit, [name]).rows[0]
    return f"{value} ({remark})" if remark else value


def norm_effects(templates: Templates) -> Table:
    """Return by how much each systematic changes the yield of each sample in each region: up and down in percent.

    Systematics are in the order of the figures. Only templates that `process_templates` made have effects. A star
    marks effects that pruning left out.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> table = wilks.tables.norm_effects(templates)
    >>> [row[0] for row in table.rows][:2]
    ['electrons', 'electrons']
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


def modifiers(
    workspace: Workspace,
    *,
    per_block: bool = False,
    parameters: str | Sequence[str] | None = None,
    channels: str | Sequence[str] | None = None,
    samples: str | Sequence[str] | None = None,
) -> Table:
    """Return which parameter acts where, how, and by how much at one standard deviation, in percent.

    A row for each parameter: types of its modifiers, on how many blocks (samples in channels) they act, and the largest
    changes of a yield and of a bin, with their places; with `per_block` a row for each block. Of staterrors and
    shapesys each bin moves by itself, and free factors have no size. Of what a function steers, the types are followed
    by its parameters, and the changes are those where its value is 1 or -1. Only the `parameters`, `channels` and
    `samples` that are named, as names or patterns, if any are. Raises InputError for names that mean nothing.

    >>> import wilks
    >>> table = wilks.tables.modifiers(wilks.examples.measurement(), parameters="*modelling")
    >>> print(table.text().splitlines()[-1])
    WZ modelling  normsys + histosys  2 of 6  +0.77 / -0.77  electrons / WZ        +7.60  electrons / WZ, bin 4
    """
    from wilks.workspace.acting import acting, chosen_names, in_order

    found = acting(workspace, parameters=parameters, channels=channels, samples=samples)
    order = {name: i for i, name in enumerate(in_order(workspace, found))}
    found.sort(key=lambda each: order[each.name])
    if per_block:
        return _modifiers_by_block(found)
    wanted = chosen_names(workspace, {"channel": channels, "sample": samples})
    shown = [channel for channel in workspace.document.channels if channel.name in wanted["channel"]]
    return _modifiers_by_name(found, sum(s.name in wanted["sample"] for channel in shown for s in channel.samples))


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


def _modifiers_by_block(found: Sequence[Acting]) -> Table:
    rows = tuple(
        (each.name, each.channel, each.sample, each.words, _sides(each.norm), *_largest_bin(each)) for each in found
    )
    header = ("parameter", "channel", "sample", "type", "yield up / down", "largest bin", "bin")
    return Table("Modifiers by block, changes in percent", header, rows, "llllrrr")


def _modifiers_by_name(found: Sequence[Acting], blocks: int) -> Table:
    groups: dict[str, list[Acting]] = {}
    for each in found:
        groups.setdefault(each.name, []).append(each)
    rows = []
    for name, group in groups.items():
        kinds = ", ".join(dict.fromkeys(each.words for each in group))
        row = [name, kinds, f"{len(group)} of {blocks}"]
        moved = [each for each in group if each.norm is not None]
        most = max(moved, key=lambda each: max(map(abs, each.norm or (0.0,))), default=None)
        row += ["", ""] if most is None else [_sides(most.norm), f"{most.channel} / {most.sample}"]
        bins = [each for each in group if each.largest is not None]
        top = max(bins, key=lambda each: abs(each.largest[1]) if each.largest else 0.0, default=None)
        if top is None:
            row += ["", ""]
        else:
            size, place = _largest_bin(top)
            row += [size, f"{top.channel} / {top.sample}, bin {place}"]
        rows.append(tuple(row))
    header = ("parameter", "type", "blocks", "largest yield", "where", "largest bin", "where in bins")
    return Table("Modifiers, changes in percent: yields up / down", header, tuple(rows), "llrrlrl")


def _sides(norm: tuple[float, float] | None) -> str:
    return "" if norm is None else " / ".join(f"{100.0 * change:+.2f}" for change in norm)


def _largest_bin(each: Acting) -> tuple[str, str]:
    """Return the largest change of a bin in percent, and the number of the bin."""
    if each.largest is None:
        return "", ""
    place, change = each.largest
    return f"±{100.0 * abs(change):.2f}" if each.by_bin else f"{100.0 * change:+.2f}", str(place)
