"""What a run asks of its model and fit, each question by the name of the file that the answer goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wilks.errors import WilksError

if TYPE_CHECKING:
    from wilks.model.model import Model
    from wilks.results.findings import Findings
    from wilks.results.fit import FitResult
    from wilks.workspace.workspace import Workspace

Answer = Callable[["Model", "FitResult"], Any]


@dataclass(frozen=True)
class Unanswered:
    """Why a question has no answer."""

    reason: str


def _intervals(model: Model, fit: FitResult) -> Any:
    from wilks.infer.intervals import intervals

    return intervals(model, parameters=list(model.pois), levels=(0.6827, 0.95), result=fit)


def _goodness(model: Model, fit: FitResult) -> Any:
    from wilks.infer.goodness_of_fit import goodness_of_fit

    return goodness_of_fit(model, result=fit)


def _ranking(model: Model, fit: FitResult) -> Any:
    from wilks.infer.ranking import ranking

    return ranking(model, result=fit)


def _breakdown(model: Model, fit: FitResult) -> Any:
    from wilks.infer.breakdown import breakdown

    return breakdown(model, result=fit)


def _limit(model: Model, fit: FitResult) -> Any:
    from wilks.infer.limits import limit

    return limit(model, result=fit)


def _significance(model: Model, fit: FitResult) -> Any:
    from wilks.infer.significance import significance

    return significance(model, result=fit)


# About every fit, about the parameter of interest, and about one whose 0 means that there is no signal.
OF_FITS: Mapping[str, Answer] = {"gof": _goodness}
OF_POIS: Mapping[str, Answer] = {"intervals": _intervals, "ranking": _ranking, "breakdown": _breakdown}
OF_SEARCHES: Mapping[str, Answer] = {"limit": _limit, "significance": _significance}


def asked_of(model: Model, *, search: bool) -> dict[str, Answer]:
    """Return what is asked of a model: about searches only where it is one, about POIs only where it has one."""
    found = dict(OF_FITS)
    if model.poi is not None:
        found |= OF_POIS
        if search:
            found |= OF_SEARCHES
    return found


def answered(ask: Answer, model: Model, fit: FitResult) -> Any:
    """Return the answer, or `Unanswered` with the reason: one failure costs nothing else."""
    try:
        return ask(model, fit)
    except WilksError as error:
        return Unanswered(str(error))


def checked_after(answers: Mapping[str, Any]) -> Findings:
    """Return what the checks have to say about a fit and what was asked of it."""
    from wilks.checks.check import check
    from wilks.results.findings import Findings

    found = []
    for answer in answers.values():
        if not isinstance(answer, Unanswered):
            found += list(check(answer))
    return Findings(tuple(dict.fromkeys(found)))


def matching_model(
    workspace: Workspace,
    result: FitResult | None,
    *,
    measurement: str | None = None,
    data_set: str | None = None,
    masks: bool = True,
) -> Model:
    """Return the model that a fit result was made with (without one: with the default interpolation), without POI.

    Measurement, interpolation, clipping and, where the workspace has it, the data set are those of the result;
    predictions need no parameter of interest, and background-only workspaces name one that they lack. Raises ModelError
    where the workspace lacks the measurement, or the `data_set` that is asked for in place of the result's. With
    `masks` False bins that the workspace masks are kept, to be drawn.
    """
    from wilks.model.compile import compile_model

    if result is None:
        return compile_model(workspace, measurement=measurement, poi="", data_set=data_set, masks=masks)
    given: dict[str, Any] = {
        name: result.settings[name] for name in ("normsys", "histosys", "clip") if name in result.settings
    }
    if data_set is None and result.settings.get("data_set") in workspace.data_set_names:
        data_set = result.settings["data_set"]
    given |= {"data_set": data_set, "masks": masks}
    return compile_model(workspace, measurement=measurement or result.measurement, poi="", **given)
