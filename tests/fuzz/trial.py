"""One random model: fitted, examined, searched for lower points, and asked every question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from tests.fuzz import search
from tests.fuzz.answers import judge
from tests.fuzz.guard import guarded
from tests.fuzz.models import Spec
from tests.fuzz.record import Record
from tests.fuzz.verdict import Claim, Fault, examine
from tests.reference.likelihood import Likelihood

import wilks
from wilks.model.model import Model
from wilks.results.fit import FitResult
from wilks.results.many import CONVERGED, EDGE, FLAT, IMPOSSIBLE

# Differences of 2NLL that count as a lower point.
LOWER = 1e-3

STATUSES = {CONVERGED: "converged", FLAT: "flat", IMPOSSIBLE: "impossible", EDGE: "rate vanishes"}


def kind_of(status: str) -> str:
    """Return how a fit ended, in two words."""
    return next((word for start, word in STATUSES.items() if status.startswith(start)), "no minimum")


def try_model(spec: Spec, seed: int, questions: bool = True) -> Record:
    """Return what happens with a valid workspace."""
    record = Record()
    workspace, fault = guarded("load_workspace", lambda: wilks.load_workspace(spec))
    record.note(fault)
    model, fault = guarded("compile_model", lambda: wilks.compile_model(workspace))
    record.note(fault)
    if model is None:
        record.note(Fault("refused", "a valid workspace is refused"))
        return record
    reference = Likelihood(spec)
    result = try_fit(record, model, reference, seed, {})
    if model.poi is not None and not model.fixed[model.index(model.poi)]:
        at = model.index(model.poi)
        value = float(model.bounds[0][at] + (model.bounds[1][at] - model.bounds[0][at]) * (seed % 5) / 20)
        try_fit(record, model, reference, seed, {model.poi: value})
    if questions and result is not None:
        for name, call in verbs(model, result):
            answer, fault = guarded(name, call)
            record.note(fault)
            untrue, fault = guarded(f"judging {name}", lambda answer=answer: judge(model, reference, answer))
            record.note(fault)
            record.faults += untrue or []
    return record


def try_fit(
    record: Record, model: Model, reference: Likelihood, seed: int, fixed: Mapping[str, float]
) -> FitResult | None:
    """Return the fit, after its examination; what was found goes into the record."""
    result, fault = guarded("fit", lambda: wilks.fit(model, fixed=fixed))
    record.note(fault)
    if result is None:
        return None
    record.counts["fits"] += 1
    record.counts[kind_of(result.status)] += 1
    claim = Claim(reference, result, reference.observed(), *model.bounds)
    record.faults += examine(claim)
    others = other_points(record, model, claim, seed, fixed)
    lowest, _ = search.lowest(reference, claim.data, others)
    said = result.twice_nll if np.isfinite(result.twice_nll) else np.inf
    below = said - lowest
    match kind_of(result.status):
        case "impossible":
            if np.isfinite(lowest) or feasible(model, claim):
                record.note(Fault("impossible, untrue", result.status))
        case "rate vanishes" if below > LOWER:
            record.note(Fault("rate vanishes, untrue", f"a point is lower by {below:.4g} in 2NLL"))
        case "no minimum":
            record.note(Fault("no minimum", f"{result.status}; others end {-below:+.4g} from there"))
        case "converged" | "flat" if below > LOWER:
            record.counts["lower exists"] += 1
            record.lower.append(float(below))
    return result


def feasible(model: Model, claim: Claim) -> bool:
    """Return whether the problem has a point that is not impossible: found with the package, confirmed without."""
    held = claim.result.fixed
    middle = np.where(held, claim.result.values, np.clip(claim.reference.inits, claim.lower, claim.upper))
    found = search.feasible_point(model, claim.data, middle, claim.lower, claim.upper, held)
    return found is not None and bool(np.isfinite(claim.nll(found)))


def other_points(record: Record, model: Model, claim: Claim, seed: int, fixed: Mapping[str, float]) -> list[np.ndarray]:
    """Return where the package ends from random starts, and MIGRAD from the default one."""
    held = claim.result.fixed
    default = np.where(held, claim.result.values, np.clip(claim.reference.inits, claim.lower, claim.upper))
    starts = search.random_starts(claim.reference, default, claim.lower, claim.upper, held, seed)
    many, fault = guarded("fit_many", lambda: wilks.fit_many(model, start=starts, fixed=fixed, threads=1))
    record.note(fault)
    points = []
    if many is not None:
        possible = np.isfinite(model.nll(starts, claim.data))
        record.counts["possible starts"] += int(np.sum(possible))
        lost = [
            ok and kind_of(status) in ("impossible", "no minimum")
            for ok, status in zip(possible, many.statuses, strict=True)
        ]
        record.counts["possible starts lost"] += int(sum(lost))
        points += [point for point in many.values if np.isfinite(point).all()]
    if np.isfinite(claim.nll(default)):
        points.append(search.descended(model, claim.data, default, claim.lower, claim.upper, held))
    return points


def verbs(model: Model, result: FitResult) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Return every question to a model, as a name and a call that prints the answer before it returns it."""
    asked: dict[str, Callable[[], Any]] = {
        "fit": lambda: result,
        "parameters": lambda: wilks.tables.parameters(result).text(),
        "predict": lambda: wilks.predict(model, result),
        "yields": lambda: wilks.tables.yields(wilks.predict(model, result)).text(),
        "predict before the fit": lambda: wilks.predict(model),
        "check of the fit": lambda: wilks.check(result),
        "gof": lambda: wilks.goodness_of_fit(model, result=result),
        "ranking": lambda: wilks.ranking(model),
        "intervals": lambda: wilks.intervals(model),
        "scan": lambda: wilks.scan(model, points=5),
        "hypotest": lambda: wilks.hypotest(model, value=1.0),
        "limit": lambda: wilks.limit(model),
        "significance": lambda: wilks.significance(model),
        "breakdown": lambda: wilks.breakdown(model),
        "toys": lambda: wilks.toys(model, result, count=5, seed=1),
    }
    for name, call in asked.items():
        yield name, lambda call=call: printed(call())


def printed(answer: Any) -> Any:
    """Return an answer after it was printed in both ways."""
    return answer if f"{answer!r}\n{answer}" else None
