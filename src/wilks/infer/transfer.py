"""`transfer`: a fit carried over to another model by the names of its parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions
from wilks.model.common import common_parameters
from wilks.model.described import described
from wilks.model.model import Model
from wilks.model.terms import prefit_covariance
from wilks.results.fit import FitResult


def transfer(result: FitResult, model: Model) -> FitResult:
    """Return a fit as one of another model, to predict what was not fitted: validation regions, signal regions.

    A parameter of the model that the fit has too (`common_parameters`: same name, same constraint of the same width)
    gets its value, its uncertainty and its correlations. The others stay as before the fit: their pre-fit value, the
    width of their constraint (0 where there is none), no correlation; where constraints are correlated with those of
    fitted parameters, they follow them as the constraints say. `settings` says which ones (`not_in_fit`), and
    where the fit comes from (`transferred_from`). A fit without covariance stays one. Raises ResultError where nothing
    is common.

    >>> import wilks
    >>> workspace = wilks.examples.search()
    >>> control = wilks.fit(wilks.compile_model(wilks.select_channels(workspace, "CR*"), poi=""))
    >>> model = wilks.compile_model(workspace)
    >>> carried = wilks.transfer(control, model)
    >>> print(f"{carried['top_norm'].value:.3f} +/- {carried['top_norm'].uncertainty:.3f}")
    0.959 +/- 0.077
    >>> wilks.predict(model, carried)["SR 2b"].total_uncertainty.shape
    (12,)
    """
    here, there = (np.array(side) for side in common_parameters(model, result))
    values, sigma = model.prefit_values.copy(), model.prefit_uncertainties.copy()
    known = np.isin(np.arange(model.n_parameters), here)
    covariance = prefit_covariance(model, known | model.fixed)
    fixed, at_bound, idle = model.fixed | model.idle, np.zeros(model.n_parameters, np.bool_), model.idle.copy()
    flat = np.zeros((len(result.flat), model.n_parameters))
    values[here], sigma[here] = result.values[there], result.uncertainties[there]
    covariance[np.ix_(here, here)] = result.covariance[np.ix_(there, there)]
    fixed[here], at_bound[here], idle[here] = result.fixed[there], result.at_bound[there], result.idle[there]
    flat[:, here] = result.flat[:, there]
    for where, others, along in _following(model, known):
        values[where] += along @ (values - model.nominal)[others]
        covariance[where] += along @ covariance[others]
        covariance[:, where] += covariance[:, others] @ along.T
        sigma[where] = np.sqrt(np.diag(covariance)[where])
    if not result.covariance_usable:
        covariance = np.full_like(covariance, np.nan)
    common = set(here.tolist())
    names = [name for i, name in enumerate(model.parameter_names) if i not in common]
    return replace(
        result,
        **described(model),
        values=values,
        uncertainties=sigma,
        covariance=covariance,
        twice_nll=np.nan,
        edm=np.nan,
        smallest_eigenvalue=np.nan,
        fixed=fixed,
        at_bound=at_bound,
        mirrored=(),
        idle=idle,
        flat=flat,
        settings={**result.settings, "transferred_from": result.workspace_digest, "not_in_fit": names},
    )


def _following(model: Model, known: BoolArray) -> Iterator[tuple[Positions, Positions, FloatArray]]:
    """Yield parameters whose constraints are correlated with those of `known` ones, the others of their constraint, and
    how far they move with these, shape (parameters, others).
    """
    terms = model.constraint_terms
    for entries, whole in terms.correlated:
        where = terms.parameters[entries]
        held = known[where] | model.fixed[where]
        if known[where].any() and not held.all():
            along = np.linalg.solve(whole[np.ix_(held, held)], whole[np.ix_(held, ~held)]).T.astype(np.float64)
            yield where[~held], where[held], along
