"""Moments and coefficients of a simplified likelihood as JSON, as CMS's model.py, and as tables of HEPData."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks._version import __version__
from wilks.export.hepdata.fitted import matrix_table
from wilks.export.hepdata.records import Column, DataTable, Resource, column, titled
from wilks.export.hepdata.submission import Submission
from wilks.export.hepdata.wording import about
from wilks.export.simplified.coefficients import Coefficients
from wilks.export.simplified.moments import Moments

_FITS = {
    "control": "a fit without signal of the other channels",
    "all": "a fit without signal of all channels",
    "none": "the constraints alone, without a fit",
}


def model_json(moments: Moments, found: Coefficients) -> str:
    """Return moments and coefficients as JSON."""
    document: dict[str, Any] = {
        "format": "simplified likelihood: background = A + B theta + C theta^2, theta normal with correlations rho",
        "channels": [{"name": name, "bins": bins} for name, bins in zip(moments.channels, moments.bins, strict=True)],
        "data": moments.data.tolist(),
        "background": moments.mean.tolist(),
        "covariance": moments.covariance.tolist(),
        "third_moment": moments.third.tolist(),
        "signal": {name: yields.tolist() for name, yields in moments.signals.items()},
        "coefficients": {
            "A": found.constant.tolist(),
            "B": found.linear.tolist(),
            "C": found.quadratic.tolist(),
            "rho": found.rho.tolist(),
        },
        "poi": moments.poi,
        "fit": moments.fitted,
        "samples": moments.samples,
        "seed": moments.seed,
        "version": __version__,
    }
    return json.dumps(document, indent=1) + "\n"


def model_py(moments: Moments) -> str:
    """Return the module that scripts for simplified likelihoods import: flat arrays of the module `array`."""

    def line(name: str, values: FloatArray) -> str:
        return f"{name} = array.array('d', [{', '.join(repr(float(value)) for value in values.ravel())}])"

    signal = sum(moments.signals.values(), np.zeros(moments.mean.size))
    return "\n".join(
        [
            "import array",
            "",
            f"name = {json.dumps('simplified likelihood of ' + ', '.join(moments.channels))}",
            f"nbins = {moments.mean.size}",
            line("data", moments.data),
            line("background", moments.mean),
            line("covariance", moments.covariance),
            line("third_moment", moments.third),
            line("signal", signal),
            "",
        ]
    )


def hepdata_tables(moments: Moments, found: Coefficients) -> Submission:
    """Return the simplified likelihood as a submission: yields with coefficients, covariance and correlations."""
    labels = moments.labels
    words = _FITS[moments.fitted]
    columns = [
        column("Data", moments.data, "Events"),
        column(r"Background, $m_1$", moments.mean, "Events"),
        column(r"Third moment, $m_3$", moments.third, digits=12),
        *(column(f"Signal {titled(name)}", yields, "Events") for name, yields in moments.signals.items()),
        column("$A$", found.constant, digits=12),
        column("$B$", found.linear, digits=12),
        column("$C$", found.quadratic, digits=12),
    ]
    tables = (
        DataTable(
            "Simplified likelihood, bins",
            "Observed data, expected background with its third central moment, and nominal signal of each bin. The "
            r"background is $A + B \theta + C \theta^2$ with standard normal $\theta$ (arXiv:1809.05548). It is known "
            f"from {words}.",
            (Column("Bin", [titled(label) for label in labels]),),
            tuple(columns),
            observables=("N",),
        ),
        matrix_table(
            "Simplified likelihood, covariance of the background",
            f"Covariance $m_2$ of the expected background of all bins, from {words}.",
            "Bin",
            labels,
            "Covariance",
            moments.covariance,
        ),
        matrix_table(
            "Simplified likelihood, correlations",
            r"Correlation coefficients $\rho$ of the $\theta$ of all bins.",
            "Bin",
            labels,
            r"$\rho$",
            found.rho,
        ),
    )
    files = (
        Resource("simplified.json", model_json(moments, found).encode(), "The simplified likelihood as JSON"),
        Resource("model.py", model_py(moments).encode(), "The simplified likelihood as a Python module (CMS)"),
    )
    comment = f"Simplified likelihood of {', '.join(moments.channels)}, by wilks {__version__}."
    return Submission(tables, files, {}, about("", "", (), (), (), None, comment))
