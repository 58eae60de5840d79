"""Made-up results of goodness of fit, compatibility and toys."""

from __future__ import annotations

import numpy as np

from wilks.results.goodness import ChannelGoodness, Compatibility, GoodnessOfFit
from wilks.results.origin import Origin
from wilks.results.toys import PULL_EDGES, ToysResult

ORIGIN = Origin("m", "observed", "0" * 64, "0.1.0", {"tolerance": 1e-8})


def make_goodness(toys: int = 0, ndof: int = 21, statistic: float = 24.3) -> GoodnessOfFit:
    sample = np.random.default_rng(1).chisquare(max(ndof, 1), toys)
    sample[: toys // 100] = np.nan
    usable = sample[np.isfinite(sample)]
    failed = toys - usable.size
    return GoodnessOfFit(
        test="saturated",
        at="best fit",
        statistic=statistic,
        ndof=ndof,
        p_value=0.2789 if ndof > 0 else np.nan,
        channels=(ChannelGoodness("SR", 11, 15.5, 0.21 if toys else np.nan), ChannelGoodness("CR", 11, 7.1, np.nan)),
        constraints=1.7,
        converged=True,
        status="converged",
        origin=ORIGIN,
        seed=7,
        toys=sample,
        toys_p_value=float((usable >= statistic).mean()) if toys else np.nan,
        statuses={"converged": usable.size, "no step improves the likelihood any more": failed} if toys else None,
    )


def make_compatibility(groups: int = 3) -> Compatibility:
    random = np.random.default_rng(2)
    sigma = random.uniform(0.1, 0.3, groups)
    return Compatibility(
        poi="mu",
        value=0.98,
        uncertainty=0.08,
        groups=tuple(f"region {i}" for i in range(groups)),
        members=tuple((f"SR{i}", f"CR{i}") for i in range(groups)),
        values=random.normal(1, 0.2, groups),
        uncertainties=np.where(np.arange(groups) == 1, np.nan, sigma),
        covariance=np.diag(sigma**2),
        statistic=2.75,
        ndof=groups - 1,
        p_value=0.253,
        converged=True,
        status="converged",
        origin=ORIGIN,
    )


def make_toys(parameters: int = 10, staterrors: int = 0, count: int = 1000, poi: str | None = "mu") -> ToysResult:
    random = np.random.default_rng(3)
    n = parameters + staterrors
    pulls = random.normal(0, 1, (count, n))
    names = (*(poi or "alpha" if i == 0 else f"nuisance {i}" for i in range(parameters)),)
    names += tuple(f"staterror_SR[{i}]" for i in range(staterrors))
    edges = PULL_EDGES
    return ToysResult(
        names=names,
        poi=poi,
        truth=np.ones(n),
        fixed=np.zeros(n, np.bool_),
        modifier_types=(("normsys",),) * parameters + (("staterror",),) * staterrors,
        seed=1,
        stream=0,
        count=count,
        done=count,
        converged=count,
        statuses={"converged": count},
        usable=np.full(n, float(count)),
        bias=pulls.mean(axis=0) * 0.1,
        spread=pulls.std(axis=0) * 0.1,
        pull_mean=pulls.mean(axis=0),
        pull_width=pulls.std(axis=0),
        covered=np.stack([(np.abs(pulls) < cut).sum(axis=0) for cut in (1.0, 1.96)], axis=1).astype(float),
        edges=edges,
        pulls=np.stack([np.histogram(np.clip(pulls[:, i], -4.99, 4.99), edges)[0] for i in range(n)]).astype(float),
        origin=ORIGIN,
        profiled=("nuisance 1",) if parameters > 1 else (),
        profile_usable=np.array([900.0]) if parameters > 1 else np.zeros(0),
        profile_covered=np.array([[630.0, 855.0]]) if parameters > 1 else np.zeros((0, 2)),
    )
