"""Where a likelihood has one minimum only, whatever the data: there is nothing to search for then."""

from __future__ import annotations

import numpy as np

from wilks._types import BoolArray
from wilks.flags import some
from wilks.model.model import Model


def one_minimum(model: Model, held: BoolArray) -> bool:
    """Return whether every rate is known to be a straight line in all free parameters together.

    -ln Poisson(n | rate) is convex in the rate, constraint terms are convex in their parameters, and the points at
    which all are defined are a convex set: so is the nll, and any minimum is the lowest. It takes that no free
    parameter is that of a histosys, a normsys or a function, and that no two free factors act on one bin of a sample.
    """
    free = ~held
    if some(model.interpolated & free):
        return False
    for scalars, columns in model.products:
        together = np.count_nonzero(free[scalars])
        if some(together + np.add.reduce(free[columns], axis=0) > 1):
            return False
    return True
