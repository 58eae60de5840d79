"""Print the table of datacards with r beside Combine's own: `python tools/combine_table.py FOLDER`, with the cards."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import wilks
from wilks.formats.datacard.read import read

_UPPER = {"r_ggH": 4, "r_qqH": 10}


def rows(folder: Path) -> list[str]:
    """Return a row for each parameter of interest of each card: wilks, an independent likelihood, Combine v10.6."""
    numbers = json.loads((folder / "numbers.json").read_text())
    combine = json.loads((folder / "real_combine_fits.json").read_text())
    found = []
    for card, said in numbers.items():
        model = _model(folder, card, said)
        result = wilks.fit(model)
        intervals = wilks.intervals(model, parameters=list(model.pois), result=result)
        for poi in model.pois:
            one = intervals[poi]
            ours = _shown(result[poi].value, one.lower - result[poi].value, one.upper - result[poi].value)
            independent = said["fit"].get(poi) if isinstance(said["fit"], dict) else None
            theirs = "" if independent is None else _shown(independent["value"], *independent["minos_1sigma"])
            real = combine.get(card, {}).get("combine", {}).get(poi)
            third = "" if real is None else _shown(*real)
            found.append(f"| `{card.replace('#', '` `')}` | {poi} | {ours} | {theirs} | {third} |")
    return found


def _model(folder: Path, card: str, said: dict[str, Any]) -> wilks.Model:
    maps = said["model"]["map"] if isinstance(said["model"], dict) else []
    reading = read(
        folder / card.partition("#")[0],
        mass=said["mass"] or None,
        maps=[f"{pattern}:{name}[1,0,{_UPPER[name]}]" for pattern, name in maps],
        ranges={name: (low, high) for name, (low, high) in said["poi_bounds"].items()},
        masks=said["masked"],
        combine_rounding=True,
    )
    return wilks.compile_model(reading.workspace)


def _shown(value: float, down: float, up: float) -> str:
    """Return a value with the distances to the ends of its interval; where there is no end, that is said."""

    def rounded(number: float) -> float:
        return round(number, 4) + 0.0

    if math.isnan(up):
        return _shown(value, down, 0.0).rpartition("/")[0] + "/(none)"
    return f"{rounded(value):.4g} {rounded(-abs(down)):+.4g}/{rounded(up):+.4g}".replace("+0/", "-0/")


if __name__ == "__main__":
    print("| card | | wilks | independent likelihood | Combine v10.6 |\n|:--|:--|:--|:--|:--|")
    print("\n".join(rows(Path(sys.argv[1]))))
