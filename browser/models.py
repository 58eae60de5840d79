"""Models of some sizes, and what a report is made of."""

from __future__ import annotations

from typing import Any

import numpy as np

import wilks


def dense(channels: int = 20, bins: int = 20, samples: int = 10, rates: int = 50, shapes: int = 100) -> wilks.Workspace:
    """Return a model in which every systematic acts everywhere; with the default sizes it has 551 parameters."""
    random = np.random.default_rng(1)
    parts, observed = [], []
    for c in range(channels):
        made, total = [], np.zeros(bins)
        for s in range(samples):
            nominal = random.uniform(20, 400) * np.exp(-np.linspace(0, random.uniform(0.5, 3), bins))
            modifiers: list[dict[str, Any]] = [
                {"name": f"staterror_{c}", "type": "staterror", "data": (0.3 * np.sqrt(nominal)).tolist()}
            ]
            if s == 0:
                modifiers.append({"name": "mu", "type": "normfactor", "data": None})
            for k in range(rates):
                low, high = 1 + random.normal(0, 0.01, 2)
                modifiers.append({"name": f"rate_{k}", "type": "normsys", "data": {"lo": low, "hi": high}})
            for k in range(shapes):
                change = random.normal(0, 0.02) * np.linspace(-1, 1, bins) + random.normal(0, 0.003, bins)
                sides = {
                    "lo_data": (nominal * (1 - change)).tolist(),
                    "hi_data": (nominal * (1 + 0.9 * change)).tolist(),
                }
                modifiers.append({"name": f"shape_{k}", "type": "histosys", "data": sides})
            made.append({"name": f"sample_{s}", "data": nominal.tolist(), "modifiers": modifiers})
            total += nominal
        parts.append({"name": f"region_{c}", "samples": made})
        observed.append({"name": f"region_{c}", "data": random.poisson(total).astype(float).tolist()})
    measurement = {"name": "dense", "config": {"poi": "mu", "parameters": []}}
    return wilks.load_workspace(
        {"channels": parts, "observations": observed, "measurements": [measurement], "version": "1.0.0"}
    )


HOSTILE = (
    "</script><script>document.title = 'broken'</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style>&amp;µ→ν 漢",
)


def hostile() -> wilks.Workspace:
    """Return a model whose names are markup, scripts, quotes and Unicode."""
    sample, systematic, region = HOSTILE
    modifiers = [
        {"name": "mu", "type": "normfactor", "data": None},
        {"name": systematic, "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
    ]
    channel = {"name": region, "samples": [{"name": sample, "data": [10.0, 20.0], "modifiers": modifiers}]}
    return wilks.load_workspace(
        {
            "channels": [channel],
            "observations": [{"name": region, "data": [12.0, 19.0]}],
            "measurements": [{"name": "</title><b>", "config": {"poi": "mu", "parameters": []}}],
            "version": "1.0.0",
        }
    )


def reported(workspace: wilks.Workspace, *, complete: bool = True) -> Any:
    """Return a report with a fit, and where complete with what `wilks run` adds."""
    model = wilks.compile_model(workspace)
    results: list[Any] = [wilks.fit(model)]
    if complete:
        results += [wilks.ranking(model), wilks.breakdown(model), wilks.goodness_of_fit(model)]
        results.append(wilks.intervals(model, parameters=[model.poi]))
        results.append(wilks.scan(model, parameter=model.poi))
    return wilks.report(workspace, *results)
