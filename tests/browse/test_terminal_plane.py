from __future__ import annotations

import re

import numpy as np
import pytest

from wilks._types import FloatArray
from wilks.browse.terminal_plane import draw_plane
from wilks.drawables import HistogramND
from wilks.errors import InputError
from wilks.histogram import Axis

SHADES = " ·░▒▓█"


def plane(inside: object, **more: object) -> HistogramND:
    contents = np.pad(np.asarray(inside, dtype=float), 1)
    axes = tuple(Axis(np.arange(size - 1.0), label=label) for size, label in zip(contents.shape, "ab", strict=True))
    return HistogramND(axes, contents, np.abs(contents), 7.0, "title", **more)  # type: ignore[arg-type]


def cells_of(picture: str) -> list[str]:
    return [line.partition("│")[2] for line in picture.splitlines() if "│" in line][::-1]


def test_shades_grow_with_the_content_and_stand_in_their_bins() -> None:
    contents: FloatArray = np.array([[0.0, 1.0], [6.0, 10.0], [4.0, 2.1]])
    rows = cells_of(draw_plane("p", plane(contents), 80))
    width, height = max(map(len, rows)) // 3, len(rows) // 2
    shades = np.array(
        [[SHADES.index(rows[j * height].ljust(3 * width)[i * width]) for j in range(2)] for i in range(3)]
    )
    assert shades.tolist() == [[0, 1], [4, 5], [3, 2]]


def test_more_bins_than_characters_keep_their_peaks() -> None:
    contents = np.ones((500, 300))
    contents[321, 17] = 40.0
    picture = draw_plane("p", plane(contents), 80)
    assert picture.count("█") == 2  # the peak and the scale
    assert max(map(len, picture.splitlines())) <= 80


def test_statistics_are_of_the_inside() -> None:
    lines = draw_plane("p", plane([[0.0, 0.0], [1.0, 3.0]]), 80).splitlines()
    assert lines[-2].split() == [
        "entries",
        "integral",
        "mean",
        "x",
        "std",
        "dev",
        "x",
        "mean",
        "y",
        "std",
        "dev",
        "y",
        "outside",
    ]
    assert lines[-1].split() == ["7", "4", "1.5", "0", "1.25", "0.433013", "0"]
    assert "x: a  y: b" in lines


@pytest.mark.parametrize("contents", [[[0.0]], [[np.nan]], [[-3.0, 2.0]], [[np.inf, 1.0]], [[5.0, 5.0]]])
@pytest.mark.parametrize("averaged", [False, True])
def test_awkward_contents_are_drawn(contents: list[list[float]], averaged: bool) -> None:
    assert draw_plane("p", plane(contents, averaged=averaged), 60)


def test_zero_is_a_mean_and_no_content() -> None:
    assert "·" not in "".join(cells_of(draw_plane("p", plane([[0.0, 5.0]]), 60)))
    assert "·" in "".join(cells_of(draw_plane("p", plane([[0.0, 5.0]], averaged=True), 60)))


def test_logarithmic_shades_are_of_the_logarithm() -> None:
    contents = [[1.0, 0.0], [100.0, 1e4], [-5.0, 10.0]]
    picture = draw_plane("p", plane(contents), 80, log=True)
    rows = cells_of(picture)
    width, height = max(map(len, rows)) // 3, len(rows) // 2
    shades = [[SHADES.index(rows[j * height].ljust(3 * width)[i * width]) for j in range(2)] for i in range(3)]
    assert shades == [[1, 0], [3, 5], [0, 2]]
    assert "log10 of contents: 0 ·░▒▓█ 4;" in picture


def test_ascii_colour_and_hostile_names() -> None:
    contents = [[1.0, 2.0], [3.0, 4.0]]
    assert draw_plane("µ", plane(contents), 60, unicode=False).isascii()
    coloured = draw_plane("p\x1b[2J", plane(contents), 60, color=True)
    assert "\x1b[38;5;" in coloured
    assert "\x1b" not in re.sub(r"\x1b\[(38;5;\d+|0)m", "", coloured)


def test_mistakes_are_told() -> None:
    with pytest.raises(InputError, match="at least 40"):
        draw_plane("p", plane([[1.0]]), 30)
    with pytest.raises(InputError, match="can't be drawn on one scale"):
        draw_plane("p", plane([[1.7e308, -1.7e308]]), 60)


def test_labels_stand_at_the_bins_of_both_axes() -> None:
    axes = Axis.of_labels(["ee", "#mu#mu"]), Axis.of_labels(["low", "high"])
    contents = np.zeros((4, 4))
    contents[1, 1], contents[2, 2] = 1.0, 2.0
    lines = draw_plane("h", HistogramND(axes, contents, contents), 60).splitlines()
    low, high = (next(line for line in lines if line.startswith(word.rjust(4) + " │")) for word in ("low", "high"))
    names = next(line for line in lines if "μμ" in line)
    assert names.split() == ["ee", "μμ"]
    assert low[names.index("ee")] != " "
    assert len(low) < names.index("μμ") + 2
    assert high[names.index("ee")] == " "
    assert high[names.index("μμ")] == "█"
    assert "mean" not in lines[-2]


def test_labels_that_have_no_room_are_listed() -> None:
    axes = Axis.of_labels([f"c{i}" for i in range(70)]), Axis([0, 1])
    lines = draw_plane("h", HistogramND(axes, np.ones((72, 3)), np.ones((72, 3))), 60, unicode=False).splitlines()
    assert "bins of x: c0, c1," in " ".join(lines)
    assert "c69" in " ".join(lines)
    assert max(map(len, lines)) <= 60
