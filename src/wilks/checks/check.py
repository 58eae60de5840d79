"""`check`: everything that looks wrong with a steering file, its templates, a workspace or a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np

from wilks.checks import (
    conditions,
    fits,
    functions,
    likeness,
    model,
    parameters,
    rankings,
    steering,
    systematics,
    templates,
    toys,
    yields,
)
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import View
from wilks.checks.wording import some
from wilks.results.conditions import has_conditions
from wilks.results.findings import Finding, Findings, Severity
from wilks.results.fit import FitResult
from wilks.results.ranking import RankingResult
from wilks.workspace.workspace import Workspace

if TYPE_CHECKING:
    from wilks.config.schema import Config
    from wilks.results.origin import Saved
    from wilks.results.prediction import Prediction
    from wilks.templates.store import Templates

WorkspaceRule = Callable[[View, Thresholds], Iterator[Finding]]

WORKSPACE_RULES: tuple[WorkspaceRule, ...] = (
    yields.not_finite_yield,
    model.refused_model,
    yields.negative_data,
    yields.unknown_observation,
    yields.negative_yield,
    yields.negative_background,
    yields.data_without_prediction,
    likeness.empty_channel,
    likeness.equal_regions,
    likeness.equal_samples,
    likeness.data_of_sample,
    parameters.missing_poi,
    model.idle_poi,
    parameters.fixed_poi,
    parameters.constrained_poi,
    parameters.unknown_setting,
    functions.unset_parameter,
    functions.unused_function,
    functions.constant_function,
    functions.kinked_function,
    functions.masked_channel,
    functions.masked_parameter,
    model.inseparable_factors,
    model.idle_factor,
    systematics.not_finite_variation,
    systematics.no_logarithm,
    systematics.empty_variation,
    systematics.identical_sides,
    systematics.identical_shapes,
    systematics.same_direction,
    systematics.negative_variation,
    systematics.large_effect,
    systematics.no_shape,
    systematics.no_effect,
    likeness.equal_variations,
    likeness.nominal_side,
    yields.signal_only,
    yields.zero_staterror,
    yields.missing_staterror,
    yields.large_staterror,
    likeness.unit_weights,
    likeness.lost_weights,
    yields.staterror_on_nothing,
    yields.shapesys_on_nothing,
    yields.empty_process,
    yields.tiny_process,
)


CONFIG_RULES = (
    steering.empty_region,
    steering.idle_systematic,
    steering.idle_norm_factor,
    steering.idle_smoothing,
    steering.unused_key,
    steering.replaced_key,
)

TEMPLATE_RULES = (
    templates.unreadable_files,
    templates.lost_variance,
    templates.merged_bins,
    templates.outside_edges,
    templates.few_entries,
    templates.entries_disagree,
    templates.root_state,
)

FIT_RULES = (
    fits.failed_fit,
    fits.flat_direction,
    fits.idle_factor,
    fits.mirrored_minimum,
    fits.at_bound,
    fits.pulled,
    fits.over_constrained,
    fits.under_constrained,
    fits.strongly_correlated,
)

RANKING_RULES = (rankings.failed_impact, rankings.one_sided_impact, rankings.cut_by_bound)

TOY_RULES = (toys.lost_toys,)

Subject: TypeAlias = "Workspace | Config | Templates | FitResult | Prediction | Saved"


def check(subject: Subject, *, thresholds: Thresholds | None = None) -> Findings:
    """Return what looks wrong with a workspace, a steering file, its templates, or a result of any kind.

    The most severe findings come first.

    Everything about yields and variations is found in the workspace; a steering file and its templates are checked
    for what a workspace does not show, so that findings of all three can be put together without repetition.
    `thresholds` says what is worth a finding. What a workspace may not contain at all (unequal lengths, repeated
    names) is refused by `load_workspace`. Several rules are those of Combine's ValidateDatacards (Large norm effect,
    empty or identical variations, ...), extended to effects on the yield alone.

    Raises TypeError for a `subject` that is none of these.

    >>> import wilks
    >>> findings = wilks.check(wilks.examples.measurement())
    >>> [(finding.rule, finding.severity.value, finding.place) for finding in findings]
    [('large-effect', 'note', 'systematic "Fakes"')]
    """
    limits = thresholds or Thresholds()
    # Broken numbers are what some rules look for; they must not disturb the others.
    with np.errstate(all="ignore"):
        return Findings(tuple(_folded(_findings(subject, limits), limits)))


def _findings(subject: Subject, limits: Thresholds) -> Iterable[Iterator[Finding]]:
    """Return the findings of each rule for this kind of subject."""
    if isinstance(subject, Workspace):
        view = View(subject)
        return (rule(view, limits) for rule in WORKSPACE_RULES)
    if has_conditions(subject):
        return (rule(subject, limits) for rule in (*_rules_of(subject), conditions.told))
    # Imported here: checking a workspace takes neither pydantic nor the file formats of templates.
    from wilks.templates.store import Templates

    if isinstance(subject, Templates):
        return (rule(subject, limits) for rule in TEMPLATE_RULES)
    from wilks.config.schema import Config

    if isinstance(subject, Config):
        return (rule(subject, limits) for rule in CONFIG_RULES)
    raise TypeError(
        "check takes a Workspace, a Config, Templates, a FitResult or another result, found a "
        f"{type(subject).__name__}; get one with wilks.load_workspace(path), wilks.load_config(path), "
        "wilks.load_templates(path) or wilks.load_result(path)"
    )


def _rules_of(result: Any) -> Iterable[Callable[[Any, Thresholds], Iterator[Finding]]]:
    """Return the rules for this kind of result; of most all there is to say are its conditions."""
    if isinstance(result, FitResult):
        return FIT_RULES
    if isinstance(result, RankingResult):
        return RANKING_RULES
    return TOY_RULES if isinstance(result, get_args(toys.WithToys)) else ()


def _folded(rules: Iterable[Iterator[Finding]], limits: Thresholds) -> Iterator[Finding]:
    """Yield each rule's findings; those beyond the number to be given individually are named in the last one."""
    for findings in rules:
        by_severity: dict[Severity, list[Finding]] = {}
        for finding in findings:
            by_severity.setdefault(finding.severity, []).append(finding)
        for severity, group in by_severity.items():
            most = limits.notes_individually if severity == Severity.NOTE else limits.individually
            shown, rest = group[:most], group[most:]
            if rest:
                names = some([finding.place.partition(" ")[2] for finding in rest], 6)
                cases = tuple(case for finding in (shown[-1], *rest) for case in finding.cases)
                shown[-1] = replace(shown[-1], message=f"{shown[-1].message} The same for {names}.", cases=cases)
            yield from shown
