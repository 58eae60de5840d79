"""The map of exclusion: contours against known surfaces, the forbidden region, what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.figures.test_grids import STYLES, make_grid

from wilks import figures
from wilks.errors import InputError
from wilks.figures import FigureStyle
from wilks.figures.exclusion import plane_of, surface
from wilks.results.grid import GridResult

STAIRS = np.array([[x, x - gap] for x in (150.0, 200, 300, 350, 500) for gap in (40, 60, 100, 150.0) if x - gap >= 0])


def falling(coordinates: np.ndarray, names: tuple[str, str] = ("m2", "m1")) -> GridResult:
    """Return a grid whose limits fall with the distance from the diagonal, in its logarithm not linearly."""
    gap = coordinates[:, 0] - coordinates[:, 1]
    height = 10 ** (1.5 * (80 / gap - 1))
    made = make_grid(coordinates, names)
    return replace(made, observed=height, expected=height[:, None] * np.array([0.5, 0.7, 1.0, 1.4, 1.9]))


def drawn_contour(figure: object, color: str) -> np.ndarray:
    from matplotlib.colors import to_hex
    from matplotlib.contour import QuadContourSet

    sets = [each for each in figure.axes[0].collections if isinstance(each, QuadContourSet)]  # type: ignore[attr-defined]
    (found,) = [each for each in sets if not each.filled and to_hex(each.get_edgecolor()[0]) == color]
    return np.concatenate([path.vertices for path in found.get_paths()])


def test_contours_do_not_follow_the_staircase_of_points() -> None:
    """The limit is 1 at m2 - m1 = 80, between points at 60 and 100; in a triangulation of m2 and m1 it is a zigzag."""
    contour = drawn_contour(figures.grid(falling(STAIRS)), "#bd1f01")
    inner = contour[(contour[:, 0] > 160) & (contour[:, 0] < 480)]
    assert len(inner) > 100
    gap = inner[:, 0] - inner[:, 1]
    assert np.ptp(gap) < 3.0
    assert gap.mean() == pytest.approx(80, abs=5.0)  # as far as points at 60 and 100 tell
    steps = np.diff(inner, axis=0)
    direction = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])[np.linalg.norm(steps, axis=1) > 1e-6])
    assert np.percentile(np.abs(np.diff(direction)), 99) < 0.05


def test_the_surface_goes_through_all_points() -> None:
    rng = np.random.default_rng(5)
    points, heights = rng.uniform(0, 500, (40, 2)), rng.normal(size=40)
    plane = plane_of(points[:, 0], points[:, 1], ("a", "b"), ("a", "b"), None)
    for i in range(0, 40, 7):
        inside = np.abs(points[i] - 250) < 150
        (found,) = surface(plane, heights[:, None], points[i, :1], points[i, 1:])
        if inside.all():
            assert found[0, 0] == pytest.approx(heights[i], abs=1e-8)
    linear = 0.3 + points @ [0.01, -0.02]
    x = np.linspace(100, 400, 7)
    (found,) = surface(plane, linear[:, None], x, x)
    np.testing.assert_allclose(found.compressed(), (0.3 + 0.01 * x[None] - 0.02 * x[:, None])[~found.mask], atol=1e-9)


def test_outside_the_points_there_is_no_surface_and_no_island_between_them() -> None:
    """A ridge beside a cliff: a thin plate swings below the border where no point is."""
    x = np.array([0.0, 1, 2, 3, 4, 5])
    wide, high = (side.ravel() for side in np.meshgrid(x, x))
    heights = np.where(wide >= 3, 2.0, 0.05) + 0.0 * high
    plane = plane_of(wide, high, ("a", "b"), ("a", "b"), None)
    fine = np.linspace(-1, 6, 141)
    (found,) = surface(plane, heights[:, None], fine, fine)
    assert found.mask[:, fine < -0.03].all()
    assert found.mask[fine > 5.03].all()
    assert found.min() < 0.05  # it swings
    assert not (found < -1e-8).any()  # but not to the other sign


@pytest.mark.parametrize(
    ("points", "names", "forbidden", "offset", "below"),
    [
        (STAIRS, ("m2", "m1"), None, 0.0, False),
        (STAIRS[:, ::-1], ("m1", "m2"), None, 0.0, True),
        (STAIRS, ("mass", "width"), None, None, False),  # not two masses
        (STAIRS, ("mass", "width"), True, 0.0, False),
        (STAIRS, ("m2", "m1"), False, None, False),
        (STAIRS, ("m2", "m1"), 91.2, 91.2, False),  # most points are on its forbidden side
        (STAIRS * [1, 0.2], ("m2", "m1"), None, None, False),  # far from the diagonal
        (np.append(STAIRS, [[200.0, 210.0]], axis=0), ("m2", "m1"), None, None, False),  # a point beyond
    ],
)
def test_the_forbidden_region(
    points: np.ndarray, names: tuple[str, str], forbidden: float | None, offset: float | None, below: bool
) -> None:
    plane = plane_of(points[:, 0], points[:, 1], names, names, forbidden)
    assert (plane.offset, plane.below and plane.offset is not None) == (offset, below)


@pytest.mark.parametrize("style", STYLES)
def test_the_forbidden_region_is_shaded_and_named(style: str | FigureStyle) -> None:
    figure = figures.grid(falling(STAIRS), axis_titles={"m2": "$m_2$ [GeV]"}, unit="GeV", forbidden=30, style=style)
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$m_2$ [GeV]", "m1 [GeV]")
    assert "m1 > $m_2$ − 30" in [text.get_text() for text in ax.texts]
    from matplotlib.collections import PolyCollection

    (shade,) = [each for each in ax.collections if isinstance(each, PolyCollection) and each.get_zorder() == 0.5]
    corners = shade.get_paths()[0].vertices
    assert (corners[:, 1] >= corners[:, 0] - 30 - 1e-9).all()
    (text,) = [text for text in ax.texts if ">" in text.get_text()]
    figure.draw_without_rendering()
    box = text.get_window_extent()
    frame = ax.get_window_extent()
    assert frame.x0 < box.x0 < box.x1 < frame.x1
    assert not [text for text in figures.grid(falling(STAIRS), forbidden=False).axes[0].texts if ">" in text.get_text()]


def test_observed_and_expected_differ_in_colour_and_few_points_are_told() -> None:
    result = falling(STAIRS)
    figure = figures.grid(result)
    observed, expected = drawn_contour(figure, "#bd1f01"), drawn_contour(figure, "#1f4fbf")
    np.testing.assert_allclose(observed, expected)  # the same limits here
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["Observed", "Expected", r"Expected $\pm$ 1$\sigma$"]
    assert not [text for text in figure.axes[0].texts if "sketch" in text.get_text()]
    few = figures.grid(falling(STAIRS[:9]))
    assert "only 9 points: the contours are a sketch" in [text.get_text() for text in few.axes[0].texts]


def test_the_band_lies_between_its_ends() -> None:
    """Expected limits at one standard deviation are 0.7 and 1.4 times the median: where the median is 1.43 and 0.71."""
    from matplotlib.contour import QuadContourSet

    ax = figures.grid(falling(STAIRS)).axes[0]
    (band,) = [each for each in ax.collections if isinstance(each, QuadContourSet) and each.filled]
    path = band.get_paths()[0]
    for median, inside in ((2.2, False), (1.2, True), (1.0, True), (0.85, True), (0.5, False)):
        gap = 80 / (1 + np.log10(median) / 1.5)
        assert path.contains_point((320.0, 320.0 - gap)) is inside, median


def test_points_that_coincide_or_lack_an_answer() -> None:
    doubled = falling(np.concatenate([STAIRS, STAIRS[:3]]))
    assert len(drawn_contour(figures.grid(doubled), "#bd1f01")) > 100
    result = falling(STAIRS)
    observed, expected = result.observed.copy(), result.expected.copy()
    observed[4], expected[4] = np.nan, np.nan
    figure = figures.grid(replace(result, observed=observed, expected=expected))
    assert "1 point without an answer" in [text.get_text() for text in figure.axes[0].texts]


def test_options_without_effect_are_refused() -> None:
    with pytest.raises(InputError, match="only a map of two labels has a forbidden region"):
        figures.grid(falling(STAIRS), x="m2", at={"m1": 100}, forbidden=True)
    with pytest.raises(InputError, match="theory and log are for limits along one label"):
        figures.grid(falling(STAIRS), log=True)
    with pytest.raises(InputError, match="theory and unit are for limits along a label"):
        figures.grid(make_grid(np.empty((4, 0)), ()), unit="GeV")
