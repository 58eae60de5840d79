"""Rules about systematic variations: what the two sides do to yields and shapes.

Every rule takes the view of a workspace and the thresholds, and yields one finding per systematic, the one that
shifts the expected counts most first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.checks.cases import rows_of
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import Effects, View
from wilks.checks.wording import percent, quoted, some, span
from wilks.results.findings import Finding, Severity


@dataclass(frozen=True, eq=False)
class _Diagnosis:
    """Which rows of `Effects` have which defect; a row has at most one of them, the most specific."""

    no_logarithm: BoolArray
    empty: BoolArray
    identical: BoolArray
    same_direction: BoolArray


def _diagnose(effects: Effects, limits: Thresholds) -> _Diagnosis:
    up, down = effects.up, effects.down
    no_logarithm = (effects.factor_up <= 0) | (effects.factor_down <= 0)
    empty = (np.minimum(np.abs(up + 1), np.abs(down + 1)) < limits.empty) & ~no_logarithm
    identical = (effects.size > limits.negligible) & (effects.apart <= limits.equal * effects.size)
    identical &= ~no_logarithm & ~empty & np.isfinite(up)
    same = (up * down > 0) & (np.minimum(np.abs(up), np.abs(down)) > limits.negligible)
    return _Diagnosis(no_logarithm, empty, identical, same & ~no_logarithm & ~empty & ~identical)


def _by_systematic(effects: Effects, mask: BoolArray) -> Iterator[tuple[str, list[int]]]:
    """Yield each systematic with its flagged rows, largest shift of the expected counts first (names and rows)."""
    flagged: dict[str, list[int]] = {}
    for row in np.flatnonzero(mask):
        flagged.setdefault(effects.names[row], []).append(int(row))
    shift = np.nan_to_num(effects.shift)
    for rows in flagged.values():
        rows.sort(key=lambda row: -shift[row])
    yield from sorted(flagged.items(), key=lambda item: -shift[item[1][0]])


def _told(effects: Effects, diagnosis: _Diagnosis) -> BoolArray:
    """Return the rows of systematics whose sides are identical in some row: what else is odd has the same cause."""
    told = {effects.names[row] for row in np.flatnonzero(diagnosis.identical)}
    return np.array([name in told for name in effects.names], dtype=np.bool_)


def _where(view: View, name: str, rows: Sequence[int]) -> str:
    """Return `in CHANNEL / SAMPLE`, `in all 10 region-sample pairs` or `in 3 of 10 region-sample pairs (...)`."""
    effects = view.effects
    places = [view.blocks[effects.block[row]].name for row in rows]
    everywhere = len(effects.rows[name])
    if len(rows) == 1:
        return f"in {places[0]}"
    if len(rows) == everywhere:
        return f"in all {everywhere} region-sample pairs" if everywhere > 3 else f"in {some(places)}"
    return f"in {len(rows)} of {everywhere} region-sample pairs ({some(places)})"


@dataclass(frozen=True, eq=False)
class _Where:
    """A systematic and its rows that a finding is about, with one number of each row of `Effects` if there is any."""

    view: View
    name: str
    rows: Sequence[int]
    values: FloatArray | None = None


def _finding(rule: str, severity: Severity, where: _Where, message: str, advice: str) -> Finding:
    cases = rows_of(where.view, where.rows, where.values)
    return Finding(rule, severity, f'systematic "{where.name}"', message, advice, cases)


def _weighed(view: View, rows: Sequence[int], limits: Thresholds, severity: Severity) -> Severity:
    """Return the severity, lowered to a note where the shifts are too small to matter to the fit."""
    shift = view.effects.shift[list(rows)]
    return Severity.NOTE if np.nanmax(shift, initial=0.0) < limits.relevant else severity


def _defect(view: View, rows: Sequence[int], limits: Thresholds, *, everywhere: bool) -> Severity:
    """Return the severity of what is always a mistake: lower where it matters little, or is not in all places."""
    relevant = _weighed(view, rows, limits, Severity.ERROR) == Severity.ERROR
    return (Severity.NOTE, Severity.WARNING, Severity.ERROR)[relevant + everywhere]


def not_finite_variation(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A variation holds NaN or infinity."""
    for name, rows in _by_systematic(view.effects, ~view.effects.finite):
        yield _finding(
            "not-finite-variation",
            Severity.ERROR,
            _Where(view, name, rows),
            f"The variation holds numbers that are not finite {_where(view, name, rows)}.",
            "Look at the input histograms and weights; the likelihood has no value with this variation.",
        )


def no_logarithm(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A normsys factor is zero or negative, so that its exponential interpolation does not exist."""
    effects = view.effects
    for name, rows in _by_systematic(effects, _diagnose(effects, limits).no_logarithm):
        lowest = np.minimum(effects.factor_up, effects.factor_down)[rows].min()
        yield _finding(
            "no-logarithm",
            Severity.ERROR,
            _Where(view, name, rows),
            f"A side multiplies the yield by {lowest:.4g} {_where(view, name, rows)}; factors must be above zero.",
            "A variation above 100 % can't be mirrored: give the other side its own template, or a smaller effect.",
        )


def empty_variation(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A varied template is (nearly) empty where the nominal one is not."""
    effects = view.effects
    for name, rows in _by_systematic(effects, _diagnose(effects, limits).empty):
        left_up, left_down = np.abs(effects.up[rows] + 1), np.abs(effects.down[rows] + 1)
        lost = [side for side, left in (("up", left_up), ("down", left_down)) if (left < limits.empty).any()]
        remains = min(left_up.min(), left_down.min())
        templates = "Both variations are" if len(lost) == 2 else f"The {lost[0]} variation is"
        yield _finding(
            "empty-variation",
            _defect(view, rows, limits, everywhere=len(rows) == len(effects.rows[name])),
            _Where(view, name, rows),
            f"{templates} empty ({remains:.2g} of the nominal yield) {_where(view, name, rows)}.",
            "Check the path and selection of the variation; until it is filled, exclude these samples from it.",
        )


def identical_sides(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Up and down are the same: the likelihood is even in the parameter and can't tell its sign."""
    effects = view.effects
    for name, rows in _by_systematic(effects, _diagnose(effects, limits).identical):
        visible = [row for row in effects.rows[name] if effects.size[row] > limits.negligible]
        even = len(rows) == len(visible)
        yield _finding(
            "identical-sides",
            _defect(view, rows, limits, everywhere=even),
            _Where(view, name, rows),
            f"Up and down are the same: both change the yield by {span(effects.up[rows])} {_where(view, name, rows)}"
            + ("; the fit can't tell the sign of this parameter." if even else "."),
            _mirror_advice(effects, rows),
        )


def _mirror_advice(effects: Effects, rows: list[int]) -> str:
    factors = np.unique(np.round(effects.factor_up[rows], 12))
    if len(factors) == 1 and not effects.has_shape[rows].any():
        opposite = 2.0 - float(factors[0])
        return f"Down should probably be {opposite:.6g}: write Normalization: {opposite - 1.0:.6g} under Down."
    return (
        "Check that Up and Down read different inputs; "
        "if there is only one variation, write Symmetrize: True under Down."
    )


def identical_shapes(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Up and down deform the shape in the same way although they change the yield differently."""
    effects, diagnosis = view.effects, _diagnose(view.effects, limits)
    mask = (effects.shape_size > limits.negligible) & (effects.shape_apart <= limits.equal * effects.shape_size)
    mask &= ~diagnosis.no_logarithm & ~diagnosis.empty & ~diagnosis.identical
    for name, rows in _by_systematic(effects, mask & ~_told(effects, diagnosis)):
        yield _finding(
            "identical-shapes",
            _weighed(view, rows, limits, Severity.WARNING),
            _Where(view, name, rows, effects.shape_size),
            f"Up and down have the same shape {_where(view, name, rows)}, which differs from nominal by up to "
            f"{percent(effects.shape_size[rows].max(), sign=False)} in a bin; only their yields differ.",
            "Check that Up and Down read different histograms.",
        )


def same_direction(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Up and down change the yield in the same direction, by different amounts."""
    effects, diagnosis = view.effects, _diagnose(view.effects, limits)
    for name, rows in _by_systematic(effects, diagnosis.same_direction & ~_told(effects, diagnosis)):
        statistical = np.array([view.blocks[effects.block[row]].relative_staterror for row in rows])
        smaller = np.minimum(np.abs(effects.up[rows]), np.abs(effects.down[rows]))
        significant = [row for row, larger in zip(rows, smaller > statistical, strict=True) if larger]
        whole = np.nansum(effects.shift[effects.rows[name]] ** 2)
        most = np.sum(effects.shift[significant] ** 2) > limits.share * whole
        worst = rows[0]
        yield _finding(
            "same-direction",
            _weighed(view, significant, limits, Severity.WARNING) if most else Severity.NOTE,
            _Where(view, name, rows),
            f"Up and down change the yield in the same direction {_where(view, name, rows)}; largest "
            f"{percent(effects.up[worst])} and {percent(effects.down[worst])}"
            + (f" in {view.blocks[effects.block[worst]].name}." if len(rows) > 1 else "."),
            "If that is not physics, use one side and symmetrise it, or smooth the templates.",
        )


def large_effect(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Variations change the yield of a sample by a lot: all systematics in one finding, the largest effects first.

    Left alone are those that can't matter to the fit, unless they are huge.
    """
    effects, diagnosis = view.effects, _diagnose(view.effects, limits)
    size = np.maximum(np.abs(effects.up), np.abs(effects.down))
    # A factor of 1.1 is not above 10 %, though its last digit may be.
    mask = (size > limits.large_effect * (1 + 1e-9)) & ~diagnosis.empty & ~diagnosis.no_logarithm
    large: dict[str, list[int]] = {}
    huge: dict[str, list[int]] = {}
    for name, rows in _by_systematic(effects, mask):
        above = [row for row in rows if size[row] > limits.huge_effect * (1 + 1e-9)]
        if _weighed(view, above, limits, Severity.WARNING) == Severity.WARNING:
            huge[name] = above
        elif above or _weighed(view, rows, limits, Severity.WARNING) == Severity.WARNING:
            large[name] = rows
    if not (huge or large):
        return
    told, limit = (huge, limits.huge_effect) if huge else (large, limits.large_effect)
    names = sorted(told, key=lambda name: -max(size[row] for row in told[name]))
    rows = [row for name in names for row in told[name]]
    worst = max(rows, key=lambda row: size[row])
    one, more = len(names) == 1, len(large) if huge else 0
    yield Finding(
        "large-effect",
        Severity.WARNING if huge else Severity.NOTE,
        f"{'systematic' if one else 'systematics'} {some([quoted(name) for name in names], 6)}",
        f"{'It changes' if one else 'They change'} the yield by more than {100 * limit:.0f} % "
        f"{_where(view, names[0], rows) if one else f'in {len(rows)} region-sample pairs'}; largest "
        f"{percent(effects.up[worst])} and {percent(effects.down[worst])}"
        + (f" in {view.blocks[effects.block[worst]].name}" if len(rows) > 1 else "")
        + (f"; {more} more by more than {100 * limits.large_effect:.0f} %." if more else "."),
        "Make sure that this is meant: a mistake in a weight or path looks like this.",
        rows_of(view, rows + [row for others in (large.values() if more else ()) for row in others]),
    )


def negative_variation(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A variation makes a bin negative that is not negative in nominal."""
    effects, diagnosis = view.effects, _diagnose(view.effects, limits)
    for name, rows in _by_systematic(effects, (effects.negative > limits.empty) & ~diagnosis.no_logarithm):
        depth = percent(effects.negative[rows].max(), sign=False)
        yield _finding(
            "negative-variation",
            _weighed(view, rows, limits, Severity.WARNING),
            _Where(view, name, rows, effects.negative),
            f"A side makes bins negative {_where(view, name, rows)}, by up to {depth} of all events of the bin.",
            "Merge bins or smooth: a negative yield has no meaning and can make the prediction negative.",
        )


def no_shape(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Shape templates that are the nominal ones scaled, wherever a shape is possible."""
    effects, diagnosis = view.effects, _diagnose(view.effects, limits)
    several = np.array([np.count_nonzero(block.nominal > 0) > 1 for block in view.blocks])
    shaped = effects.has_shape & several[effects.block]
    flat = shaped & (effects.shape_size <= limits.negligible) & (effects.size > limits.negligible) & ~diagnosis.empty
    for name, rows in _by_systematic(effects, flat):
        if len(rows) == sum(shaped[row] for row in effects.rows[name]):
            yield _finding(
                "no-shape",
                Severity.NOTE,
                _Where(view, name, rows, effects.shape_size),
                f"The shapes are those of nominal within {100 * limits.negligible:.1g} % {_where(view, name, rows)}.",
                "Type: Normalization would do, with fewer numbers to fit.",
            )


def no_effect(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A systematic that changes nothing anywhere."""
    effects = view.effects
    for name, rows in effects.rows.items():
        if (effects.size[rows] <= 1e-9).all():
            yield _finding(
                "no-effect",
                Severity.NOTE,
                _Where(view, name, rows),
                f"It changes nothing {_where(view, name, rows)}.",
                "Remove it, or check that its variations read other inputs than nominal.",
            )
