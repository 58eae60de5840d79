import numpy as np
import pytest
from scipy import stats

from wilks.figures.poisson import garwood

ALPHA = 1 - 0.682689492137086


def test_known_values() -> None:
    low, high = garwood(np.array([0.0, 1.0, 2.0, 10.0]))
    # PDG Review, table of Poisson intervals at 68.27 %.
    assert low == pytest.approx([0, 0.173, 0.708, 6.89], abs=2e-3)
    assert high == pytest.approx([1.841, 3.300, 4.638, 14.27], abs=5e-3)


@pytest.mark.parametrize("count", [0.3, 1.0, 7.7, 408.1235, 1e6])
def test_against_chi_square_quantiles(count: float) -> None:
    low, high = garwood(np.array([count]))
    assert low[0] == pytest.approx(0.5 * stats.chi2.ppf(ALPHA / 2, 2 * count), rel=1e-9)
    assert high[0] == pytest.approx(0.5 * stats.chi2.ppf(1 - ALPHA / 2, 2 * count + 2), rel=1e-9)


def test_tails_of_the_poisson_distribution() -> None:
    counts = np.arange(1.0, 30.0)
    low, high = garwood(counts, level=0.9)
    assert stats.poisson.sf(counts - 1, low) == pytest.approx(np.full(29, 0.05))
    assert stats.poisson.cdf(counts, high) == pytest.approx(np.full(29, 0.05))


def test_blinded_bins_stay_nan() -> None:
    low, high = garwood(np.array([np.nan, 3.0]))
    assert np.isnan([low[0], high[0]]).all()
    assert np.isfinite([low[1], high[1]]).all()
