"""`gof.json`: what `combineTool.py -M CollectGoodnessOfFit` collects, and plotGof.py reads."""

from __future__ import annotations

import json

from wilks.errors import InputError
from wilks.export.combine.limits import MASS
from wilks.results.goodness import GoodnessOfFit


def gof_json(result: GoodnessOfFit, mass: float = MASS) -> str:
    """Return the content of a `gof.json` file: observed statistic, those of toys that were fitted, and the p-value.

    Raises InputError for another test than that of the saturated model, and where there is no toy.

    >>> import json, wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = json.loads(gof_json(wilks.goodness_of_fit(model, toys=20, seed=1)))
    >>> list(found), len(found["120.0"]["toy"])
    (['120.0'], 20)
    """
    check_saturated(result)
    toys = result.usable_toys
    if not toys.size:
        raise InputError("gof.json has the p-value of toys, and there is none: ask for toys")
    entry = {"obs": [float(result.statistic)], "p": float(result.toys_p_value), "toy": toys.tolist()}
    return json.dumps({str(float(mass)): entry}, indent=2, sort_keys=True) + "\n"


def check_saturated(result: GoodnessOfFit) -> None:
    """Raise InputError for a test that Combine has not."""
    if result.test != "saturated":
        raise InputError(f'Combine\'s scripts read the test of the saturated model, not "{result.test}"')
