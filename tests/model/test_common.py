"""Which parameters of a model are those of a fit: by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.infer.counting import modifier, workspace

from wilks import compile_model, fit, load_workspace, mask_bins, select_channels, transfer
from wilks.errors import ResultError
from wilks.model.common import common_parameters
from wilks.model.datasets import asimov, parameters_at, toy_data
from wilks.workspace.workspace import Workspace


def shared_staterror(*relative: list[float]) -> Workspace:
    """Return channels A, B, ... with these relative uncertainties in one staterror, and 100 events in every bin."""
    spec = {
        "version": "1.0.0",
        "channels": [
            {
                "name": name,
                "samples": [
                    {
                        "name": "background",
                        "data": [100.0] * len(widths),
                        "modifiers": [modifier("gamma", "staterror", [100.0 * w for w in widths])],
                    }
                ],
            }
            for name, widths in zip("ABC", relative, strict=False)
        ],
        "observations": [
            {"name": name, "data": [104.0 + i for i in range(len(widths))]}
            for name, widths in zip("ABC", relative, strict=False)
        ],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": []}}],
    }
    return load_workspace(spec)


def test_components_that_are_counted_differently_are_not_mixed_up() -> None:
    whole = shared_staterror([0.1, 0.2], [0.1, 0.3])
    full = compile_model(whole)
    # Of B alone gamma[0] is gamma[2] of the whole, though gamma[0] of the whole is as wide.
    last = fit(compile_model(select_channels(whole, "B")))
    assert last.names == ("gamma[0]", "gamma[1]")
    with pytest.raises(ResultError, match="no parameter in common"):
        common_parameters(full, last)
    first = fit(compile_model(select_channels(whole, "A")))
    assert common_parameters(full, first) == ([0, 1], [0, 1])
    masked = fit(compile_model(mask_bins(whole, {"A": [1]})))
    assert common_parameters(full, masked) == ([0, 2, 3], [0, 2, 3])


def test_all_that_takes_a_fit_of_another_model_takes_the_same_parameters() -> None:
    background = [modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1}), modifier("gamma", "staterror", [5.0, 7.0])]
    whole = workspace({"SR": ([5.0, 9.0], [50.0, 35.0], [60.0, 52.0])}, background=background)
    full = compile_model(whole)
    masked = fit(compile_model(mask_bins(whole, {"SR": [0]})))
    assert masked["gamma[0]"].fixed
    carried, theta = transfer(masked, full), parameters_at(full, masked)
    np.testing.assert_array_equal(theta, carried.values)
    assert theta[full.index("jes")] == masked["jes"].value != 0
    assert carried.settings["not_in_fit"] == ["gamma[0]"]
    assert asimov(full, masked).label == "Asimov (post-fit, 1 of 4 parameters pre-fit)"
    np.testing.assert_array_equal(
        toy_data(full, masked, seed=1, count=3), toy_data(full, values=theta, seed=1, count=3)
    )


def test_a_constraint_of_another_width_or_kind_is_another_parameter() -> None:
    gamma, shape = modifier("gamma", "staterror", [5.0]), modifier("gamma", "shapesys", [5.0])
    channels = {"SR": ([5.0], [50.0], [60.0])}
    full = compile_model(workspace(channels, background=[gamma]))
    wider = modifier("gamma", "staterror", [6.0])
    for other in (shape, wider):
        found = fit(compile_model(workspace(channels, background=[other])), fixed={"mu": 1.5})
        assert [full.parameter_names[i] for i in common_parameters(full, found)[0]] == ["mu"]
        theta = parameters_at(full, found)
        assert theta[full.index("gamma[0]")] == 1.0 != found["gamma[0]"].value
        assert theta[full.index("mu")] == 1.5
