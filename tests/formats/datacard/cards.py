"""Small cards and histograms that tests build themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import uproot

COUNTING = """\
imax 1
jmax 1
kmax *
------
bin a
observation 6
------
bin a a
process S B
process 0 1
rate 1.0 5.5
------
"""

SHAPES = """\
imax *
jmax *
kmax *
shapes * * shapes.root $CHANNEL/$PROCESS $CHANNEL/$PROCESS_$SYSTEMATIC
bin a
observation -1
bin a a
process S B
process 0 1
rate -1 -1
"""

CONTENTS = {
    "S": [1.0, 2.0, 4.0],
    "B": [30.0, 20.0, 10.0],
    "data_obs": [31.0, 25.0, 9.0],
    "S_jesUp": [1.5, 2.5, 4.0],
    "S_jesDown": [0.75, 2.0, 3.5],
    "B_jesUp": [33.0, 21.0, 9.0],
    "B_jesDown": [28.0, 20.0, 11.0],
}


def write_histograms(path: Path, contents: dict[str, list[float]], folder: str = "a") -> None:
    """Write histograms (double precision, errors the roots of contents) into a folder of a ROOT file."""
    with uproot.recreate(path) as file:
        for name, values in contents.items():
            edges = np.arange(len(values) + 1, dtype=np.float64)
            file[f"{folder}/{name}"] = np.asarray(values), edges


def shape_card(folder: Path, rows: str, contents: dict[str, list[float]] | None = None, card: str = SHAPES) -> Path:
    """Write a card with rows after the rates, and its histograms; return its path."""
    write_histograms(folder / "shapes.root", CONTENTS if contents is None else contents)
    path = folder / "card.txt"
    path.write_text(card + rows)
    return path
