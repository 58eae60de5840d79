"""A small HS3 file for tests to change."""

from __future__ import annotations

from typing import Any


def model() -> dict[str, Any]:
    """Return a small HS3 file as ROOT writes them."""
    channel = {
        "name": "model_SR",
        "type": "histfactory_dist",
        "axes": [{"name": "obs_x_SR", "min": 0.0, "max": 2.0, "nbins": 2}],
        "samples": [
            {
                "name": "bkg",
                "data": {"contents": [50.0, 60.0], "errors": [2.0, 3.0]},
                "modifiers": [
                    {
                        "name": "jes",
                        "type": "normsys",
                        "parameter": "alpha_jes",
                        "constraint_name": "alpha_jesConstraint",
                        "data": {"lo": 0.9, "hi": 1.1},
                    },
                    {
                        "name": "shape",
                        "type": "histosys",
                        "parameter": "alpha_shape",
                        "data": {"lo": {"contents": [45.0, 60.0]}, "hi": {"contents": [55.0, 61.0]}},
                    },
                    {
                        "name": "staterror",
                        "type": "staterror",
                        "constraint_type": "Poisson",
                        "parameters": ["gamma_stat_SR_bin_0", "gamma_stat_SR_bin_1"],
                    },
                ],
            },
            {
                "name": "sig",
                "data": {"contents": [5.0, 10.0]},
                "modifiers": [{"name": "mu", "type": "normfactor", "parameter": "mu"}],
            },
        ],
    }
    constraint = {
        "name": "alpha_jesConstraint",
        "type": "gaussian_dist",
        "x": "alpha_jes",
        "mean": "nom_alpha_jes",
        "sigma": 1.0,
    }
    return {
        "metadata": {"hs3_version": "0.2"},
        "distributions": [channel, constraint],
        "data": [{"name": "obsData_SR", "type": "binned", "axes": channel["axes"], "contents": [57.0, 71.0]}],
        "likelihoods": [{"name": "all", "distributions": ["model_SR"], "data": ["obsData_SR"]}],
        "analyses": [
            {"name": "fit", "likelihood": "all", "parameters_of_interest": ["mu"], "domains": ["default_domain"]}
        ],
        "domains": [
            {"name": "default_domain", "type": "product_domain", "axes": [{"name": "mu", "min": 0.0, "max": 5.0}]}
        ],
        "parameter_points": [
            {"name": "default_values", "parameters": [{"name": "nom_alpha_jes", "value": 0.0, "const": True}]}
        ],
    }
