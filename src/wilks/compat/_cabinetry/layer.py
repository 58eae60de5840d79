"""The layer under cabinetry: which of its parts are replaced, and when."""

from __future__ import annotations

import sys

import cabinetry
import cabinetry.fit
import cabinetry.model_utils
import cabinetry.templates

import wilks.compat._pyhf.layer as pyhf_layer
from wilks.compat._cabinetry import fits, limits, predictions, profiles, significances, templates


def attach() -> None:
    """Let served models be fitted and predicted; what is done with pyhf's own models does not change."""
    pyhf_layer.attach()
    pyhf_layer.put(
        (cabinetry.fit, "_fit_model", fits.fit_model),
        (cabinetry.fit, "ranking", profiles.ranking),
        (cabinetry.fit, "scan", profiles.scan),
        (cabinetry.fit, "limit", limits.limit),
        (cabinetry.fit, "significance", significances.significance),
        (cabinetry.model_utils, "yield_stdev", predictions.yield_stdev),
    )


def install() -> None:
    """Serve every model that is made from now on, whoever makes it."""
    pyhf_layer.install()
    attach()
    pyhf_layer.put(
        (cabinetry.templates, "build", templates.build),
        (cabinetry.templates, "collect", templates.collect),
    )


def draw(own: bool) -> None:
    """Let figures be wilks', or cabinetry's again."""
    if not own and "wilks.compat._cabinetry.figures" not in sys.modules:
        return
    from wilks.compat._cabinetry import figures

    pyhf_layer.put(*(figures.parts if own else figures.originals))
