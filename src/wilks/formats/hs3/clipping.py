"""Where ROOT sets yields to 0 that variations bring below."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wilks.formats.hs3.channels import HS3Channel
from wilks.formats.hs3.values import Values


def may_be_negative(channels: Iterable[HS3Channel], values: Values) -> bool:
    """Return whether histosys can bring a yield below 0, or it is there already, within the ranges of parameters.

    Each variation is taken at its lowest, linear beyond 1 (inside it stays near the line): more yields may count than
    ever become negative, none fewer.
    """
    for channel in channels:
        for sample in channel.samples:
            nominal = np.array(sample.contents, np.float64)
            lowest = nominal.copy()
            for effect in sample.effects:
                if effect.kind != "histosys":
                    continue
                low, high = values.bounds(effect.parameters[0]) or (-5.0, 5.0)
                up, down = (np.array(side, np.float64) - nominal for side in (effect.hi, effect.lo))
                reach = np.stack([up * max(high, 1.0), down * max(-low, 1.0), -np.abs(up), -np.abs(down)])
                lowest += np.minimum(reach.min(axis=0), 0.0)
            if any(effect.kind == "histosys" for effect in sample.effects) and (lowest < 0).any():
                return True
    return False
