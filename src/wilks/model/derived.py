"""Models made of others: another parameter of interest, parameters free that were constant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wilks.errors import ModelError, nearest
from wilks.selection import matching

if TYPE_CHECKING:
    from wilks.model.model import Model


def with_poi(model: Model, name: str | None) -> Model:
    """Return the model with another parameter of interest; see `Model.with_poi`."""
    scalars = [s.name for s in model.parameter_sets if s.scalar]
    if name is not None and name not in scalars:
        known = {*model.parameter_names, *(s.name for s in model.parameter_sets)}
        if name not in known:
            raise ModelError(f'no parameter "{name}" in this model{nearest(name, scalars)}')
        raise ModelError(f'the parameter of interest "{name}" has one component per bin; it must be a single number')
    return replace(model, pois=() if name is None else (name,))


def freed(model: Model, names: tuple[str, ...]) -> Model:
    """Return the model with parameters free in fits that it keeps constant; see `Model.freed`."""
    found = {name: matching(model.parameter_names, name) for name in names}
    if wrong := [name for name, positions in found.items() if not positions]:
        known = model.parameter_names
        raise ModelError([f'no parameter "{name}" in this model{nearest(name, known)}' for name in wrong])
    fixed = model.fixed.copy()
    fixed[[i for positions in found.values() for i in positions]] = False
    removing = model.fixed & ~fixed & model.unconstrained & (model.initial == 0)
    parts = np.split(fixed, np.cumsum([len(s) for s in model.parameter_sets])[:-1])
    sets = tuple(replace(s, fixed=part) for s, part in zip(model.parameter_sets, parts, strict=True))
    # A factor that was held at 0 may be all that left others without effect.
    return replace(model, parameter_sets=sets, idle=model.idle & ~removing.any())
