"""The command line: `wilks COMMAND`. Nothing heavy is imported before a command runs that needs it."""

from __future__ import annotations

import gc

import click

import wilks
from wilks.cli.analysis import config, run, templates, workspace
from wilks.cli.application import Application
from wilks.cli.browse import browse
from wilks.cli.checks import check
from wilks.cli.comparing import diff, digest
from wilks.cli.convert import convert
from wilks.cli.coverage import coverage, feldman_cousins
from wilks.cli.ensembles import compatibility, gof, toys
from wilks.cli.export import export
from wilks.cli.export_combine import fit_diagnostics
from wilks.cli.fits import fit
from wilks.cli.grids import grid
from wilks.cli.importing import import_trex
from wilks.cli.limits import hypotest, limit, significance
from wilks.cli.look_elsewhere import look_elsewhere
from wilks.cli.modifiers import modifiers
from wilks.cli.operations import combine, correlate, decorrelate, prune, rename, sort, split, with_data
from wilks.cli.parts import merge
from wilks.cli.patchsets import patchset
from wilks.cli.plot import plot
from wilks.cli.pulls import pulls
from wilks.cli.ranking import breakdown, correlations, impacts, ranking
from wilks.cli.readers import data_mc, inspect, yields
from wilks.cli.reports import explore, report
from wilks.cli.sampling import sample
from wilks.cli.scans import contour, intervals, scan
from wilks.cli.variations import variations


@click.group(cls=Application, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(wilks.__version__, prog_name="wilks")
def main() -> None:
    """From events or histograms with systematic variations to results and figures.

    CONFIG is a steering file (YAML, cabinetry's format), WORKSPACE a model with data (pyhf's JSON, HS3, HistFactory
    XML, one or several datacards), FIT what `wilks fit -o` writes; `-` reads standard input. Mistakes are listed on
    standard error, with exit code 2. A fit that fails ends with exit code 1; its result is printed and written all the
    same.
    """
    # A command is short and makes many objects that stay, above all for figures: a tenth of its time went to looking
    # through them for garbage.
    gc.set_threshold(50_000, 20, 100)


export.add_command(fit_diagnostics)

# In the order of an analysis; every command stands in one section.
for title, commands in {
    "The whole analysis": (run, report, explore),
    "Templates and workspaces": (import_trex, templates, workspace, inspect, modifiers, check, browse, config),
    "Operations on workspaces": (
        combine,
        prune,
        rename,
        sort,
        split,
        decorrelate,
        correlate,
        with_data,
        patchset,
        digest,
        diff,
        convert,
    ),
    "Compute": (
        fit,
        intervals,
        scan,
        contour,
        feldman_cousins,
        ranking,
        breakdown,
        hypotest,
        limit,
        significance,
        grid,
        look_elsewhere,
        gof,
        compatibility,
        toys,
        coverage,
        merge,
        sample,
        yields,
    ),
    "Draw": (plot, pulls, impacts, correlations, data_mc, variations),
    "Hand on": (export,),
}.items():
    main.add_section(title, commands)
