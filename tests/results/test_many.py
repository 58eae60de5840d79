from __future__ import annotations

import numpy as np

from wilks.results.many import CONVERGED, EDGE, INTERRUPTED, ManyFits, minimised


def test_printed_on_one_line() -> None:
    converged = np.array([True, False, True])
    zeros = np.zeros(3)
    fits = ManyFits(
        ("mu",), zeros[:, None], None, zeros, zeros, converged, np.zeros(3, int), ("", "failed", ""), "", ""
    )
    assert repr(fits) == "<ManyFits: 3 fits (1 not converged), 1 parameters>"


def test_which_fits_know_the_likelihood_of_the_minimum() -> None:
    flat = 'the likelihood is flat: it does not depend on "a"; no uncertainties can be given'
    statuses = (CONVERGED, flat, f"{EDGE}: bin 3", f"{EDGE}: bin 3", INTERRUPTED, "stalled")
    edm = np.array([1e-9, 1e-9, 1e-9, 1e-3, np.nan, 1e-3])
    converged = np.array([True, False, False, False, False, False])
    values = np.zeros((6, 1))
    fits = ManyFits(("mu",), values, None, edm, edm, converged, np.zeros(6, int), statuses, "", "")
    assert fits.settled.tolist() == [True, False, True, False, False, False]
    assert fits.minimised.tolist() == [True, True, True, False, False, False]
    assert [minimised(*each) for each in zip(statuses, edm, strict=True)] == fits.minimised.tolist()
