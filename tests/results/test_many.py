from __future__ import annotations

import numpy as np

from wilks.results.many import ManyFits


def test_printed_on_one_line() -> None:
    converged = np.array([True, False, True])
    zeros = np.zeros(3)
    fits = ManyFits(("mu",), zeros[:, None], None, zeros, zeros, converged, ("", "failed", ""), "", "")
    assert repr(fits) == "<ManyFits: 3 fits (1 not converged), 1 parameters>"
