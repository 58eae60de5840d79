"""Templates: read by wilks, each file once; named, checked and written by cabinetry."""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import cabinetry.templates
import numpy as np
from cabinetry import histo, route
from cabinetry.templates import utils

from wilks.compat._cabinetry.calls import like
from wilks.compat.ledger import LEDGER
from wilks.config.cabinetry import beyond_cabinetry
from wilks.config.load import load_config
from wilks.templates.build import build_templates
from wilks.templates.store import TemplateKey, Templates

log = logging.getLogger("cabinetry.templates")

_BUILD, _COLLECT = cabinetry.templates.build, cabinetry.templates.collect


@like(_BUILD)
def build(config: dict[str, Any], *, method: str = "uproot", router: Any = None) -> None:
    """Make all templates from ntuples and save them; see cabinetry. Functions of the router are called as there."""
    _made(config, method, router, ntuples=True, original=lambda: _BUILD(config, method=method, router=router))


@like(_COLLECT)
def collect(config: dict[str, Any], *, method: str = "uproot") -> None:
    """Read all templates from histograms and save them; see cabinetry."""
    _made(config, method, None, ntuples=False, original=lambda: _COLLECT(config, method=method))


def _made(config: dict[str, Any], method: str, router: Any, *, ntuples: bool, original: Callable[[], None]) -> None:
    found = _read(config, method, ntuples) if router is None else "functions that make templates"
    if isinstance(found, str):
        with LEDGER.passing("template", found):
            original()
        return
    if not ntuples and config["General"].get("VariationPath") is None:
        log.info('no VariationPath specified in general settings, defaulting to ""')
    folder = pathlib.Path(config["General"]["HistogramFolder"])

    def save(region: Any, sample: Any, systematic: Any, template: Any) -> None:
        key = TemplateKey(region["Name"], sample["Name"], systematic.get("Name"), template)
        one = found[key]
        read = histo.Histogram.from_arrays(one.axis.edges, one.values(), np.sqrt(one.variances()))
        utils._name_and_save(folder, read, region, sample, systematic, template)

    route.apply_to_all_templates(config, save)


def _read(config: Mapping[str, Any], method: str, ntuples: bool) -> Templates | str:
    """Return all templates, or why they are not read: what cabinetry would take otherwise, and mistakes."""
    if method != "uproot":
        return f"method {method}"
    try:
        if all("Tree" in sample for sample in config["Samples"]) != ntuples:
            return "input of another kind than the samples say"
        if not ntuples and any("Binning" in region for region in config["Regions"]):
            return "histograms whose edges the steering file has, too"
        if ntuples and (text := _own_meaning(config)):
            return f"an expression that cabinetry may read in its own way: {text}"
        analysis = load_config(config)
        if beyond := beyond_cabinetry(config):
            return f"what cabinetry does not know, or reads in its own way: {': '.join(beyond[0])}"
        with LEDGER.serving("template"):
            found = build_templates(analysis)
            LEDGER.served["template"] += len(found) - 1
    except Exception as error:  # a script that runs on cabinetry never fails for wilks
        return str(error).partition("\n")[0] or type(error).__name__
    return found


def _own_meaning(config: Mapping[str, Any]) -> str:
    """Return an expression that may mean something else to cabinetry (docs/reference/differences.md), or none.

    Comments, remainders, elements of lists; conditions as numbers, and numbers as conditions.
    """
    sides = [one.get(side, {}) for one in config.get("Systematics", ()) for side in ("Up", "Down")]
    for block in (*config["Regions"], *config["Samples"], *sides):
        for key in ("Variable", "Weight", "Filter"):
            text = str(block.get(key, ""))
            condition = any(sign in text for sign in "<>=&|~")
            if text and (any(sign in text for sign in "#%[") or condition != (key == "Filter")):
                return text
    return ""
