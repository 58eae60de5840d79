"""Damaged input: workspaces and results that were changed, read and put to use."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from tests.fuzz.dice import Dice
from tests.fuzz.guard import guarded
from tests.fuzz.models import random_workspace
from tests.fuzz.mutations import moderate, mutated
from tests.fuzz.record import Record
from tests.fuzz.trial import try_fit, verbs
from tests.reference.likelihood import Likelihood

import wilks
from wilks.model.model import Model
from wilks.results.fit import FitResult
from wilks.results.io import decode_result, encode_result

# Models whose results are damaged.
BASES = 12


def document_trial(seed: int) -> Record:
    """Return what happens with a workspace that was changed: every call refuses in words, or answers what is true."""
    dice = Dice("document", seed)
    spec = mutated(random_workspace(seed), dice)
    record = Record()
    source = spec if isinstance(spec, dict) and dice.chance(0.3) else json.dumps(spec).encode()
    if isinstance(source, bytes) and dice.chance(0.05):
        source = source[: dice.integer(0, len(source))]
    workspace, fault = guarded("load_workspace", lambda: wilks.load_workspace(source))
    record.note(fault)
    record.counts["documents read" if workspace is not None else "documents refused"] += 1
    if workspace is None:
        return record
    for name, call in {
        "check": lambda: str(wilks.check(workspace)),
        "inspect": lambda: str(wilks.inspect(workspace)),
        "digest": lambda: f"{workspace!r} {workspace.digest}",
    }.items():
        record.note(guarded(name, call)[1])
    model, fault = guarded("compile_model", lambda: wilks.compile_model(workspace))
    record.note(fault)
    if model is not None:
        use(record, model, spec, seed, dice)
    return record


def use(record: Record, model: Model, spec: Any, seed: int, dice: Dice) -> None:
    """Fit a model, examine the fit if the reference understands the workspace, and ask some questions."""
    reference = understood(spec) if moderate(spec) else None
    if reference is not None and reference.parameter_names == model.parameter_names:
        record.counts["documents examined"] += 1
        result = try_fit(record, model, reference, seed, {})
    else:
        result, fault = guarded("fit", lambda: wilks.fit(model))
        record.note(fault)
    if result is None:
        return
    asked = list(verbs(model, result))
    for name, call in [*asked[:5], dice.choice(asked[5:])]:
        record.note(guarded(name, call)[1])


def understood(spec: Any) -> Likelihood | None:
    """Return the reference's likelihood of a document, or None if it asks for what the reference does not know."""
    try:
        return Likelihood(spec)
    except (KeyError, ValueError, TypeError, IndexError, StopIteration):
        return None


def result_trial(seed: int) -> Record:
    """Return what happens with a saved result that was changed."""
    dice = Dice("result", seed)
    model, saved = base(dice.integer(0, BASES - 1))
    name = dice.choice(sorted(saved))
    record = Record()
    content = json.dumps(mutated(saved[name], dice)).encode()
    if dice.chance(0.1):
        content = content[: dice.integer(0, len(content))]
    result, fault = guarded(f"load_result of {name}", lambda: decode_result(content, "result.json"))
    record.note(fault)
    record.counts["results read" if result is not None else "results refused"] += 1
    if result is not None:
        for what, call in uses(model, result, dice):
            record.note(guarded(f"{what} of {name}", call)[1])
    return record


def uses(model: Model, result: Any, dice: Dice) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Return what can be done with a result, as a name and a call."""
    yield "repr", lambda: repr(result)
    yield "print", lambda: str(result)
    yield "saving", lambda: decode_result(encode_result(result))
    if dice.chance(0.2) and type(result).__name__ not in ("Prediction", "Findings"):
        yield "figure", lambda: drawn(result)
    if isinstance(result, FitResult):
        yield "parameters", lambda: wilks.tables.parameters(result).text()
        yield "check", lambda: str(wilks.check(result))
        yield "predict", lambda: wilks.predict(model, result)
        yield "gof", lambda: wilks.goodness_of_fit(model, result=result)
        if dice.chance(0.2):
            yield "ranking", lambda: wilks.ranking(model, result=result)
            yield "limit", lambda: wilks.limit(model, result=result)


def drawn(result: Any) -> None:
    """Draw the figure of a result and render it."""
    import matplotlib as mpl

    mpl.use("agg")
    from wilks.figures.draw import draw

    draw(result).canvas.draw()


@cache
def base(number: int) -> tuple[Model, dict[str, Any]]:
    """Return a model and its results as JSON data, by name."""
    model, result = next(fitted(1000 * number))
    answers: dict[str, Any] = {
        "fit": result,
        "prediction": wilks.predict(model, result),
        "findings": wilks.check(result),
        "intervals": wilks.intervals(model),
        "scan": wilks.scan(model, points=5),
        "hypotest": wilks.hypotest(model, value=[0.5, 1.0]),
        "limit": wilks.limit(model),
        "significance": wilks.significance(model),
        "ranking": wilks.ranking(model),
        "breakdown": wilks.breakdown(model),
        "gof": wilks.goodness_of_fit(model, toys=10),
        "toys": wilks.toys(model, result, count=10, seed=1),
    }
    return model, {name: json.loads(encode_result(answer)) for name, answer in answers.items()}


def fitted(seed: int) -> Iterator[tuple[Model, FitResult]]:
    """Return models of the seeds from this one on, with their fits, where these converge and the POI is free."""
    while True:
        model = wilks.compile_model(wilks.load_workspace(random_workspace(seed)))
        result = wilks.fit(model)
        seed += 1
        if result.converged and model.poi is not None and not result[model.poi].fixed and len(result.names) < 20:
            yield model, result
