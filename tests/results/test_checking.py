"""What records check when they are made."""

from __future__ import annotations

import pytest

from wilks.results.checking import require_distinct, require_known, require_levels


def test_names_stand_once() -> None:
    require_distinct("names", ("a", "b"))
    with pytest.raises(ValueError, match='names has "a", "c" more than once'):
        require_distinct("names", ("c", "a", "b", "a", "c"))


def test_choices_are_among_what_is_there() -> None:
    require_known("method", "refit", ("refit", "covariance"))
    require_known("poi", None, ())
    with pytest.raises(ValueError, match=r'method "refitt" is not among "refit", "covariance"; did you mean "refit"\?'):
        require_known("method", "refitt", ("refit", "covariance"))


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, float("inf"), float("nan")])
def test_levels_are_between_0_and_1(level: float) -> None:
    require_levels((0.6827, 0.95))
    with pytest.raises(ValueError, match="between 0 and 1"):
        require_levels((0.6827, level))
