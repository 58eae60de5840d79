"""Figures: results, predictions and histograms drawn as matplotlib figures.

Every function takes a record and returns a figure; none fits, none saves (that is `save`), none touches the global
state of matplotlib. Importing this package does not import matplotlib.
"""

from wilks.figures.breakdown import breakdown
from wilks.figures.correlations import correlations
from wilks.figures.coverage import coverage
from wilks.figures.draw import draw
from wilks.figures.drawables import drawables
from wilks.figures.estimates import poi_summary
from wilks.figures.feldman_cousins import feldman_cousins
from wilks.figures.goodness import compatibility, goodness_of_fit
from wilks.figures.grids import grid
from wilks.figures.impacts import impacts
from wilks.figures.impacts_summary import impacts_summary
from wilks.figures.limits import hypotest, limit
from wilks.figures.look_elsewhere import global_significance
from wilks.figures.modifiers import modifiers
from wilks.figures.overlay import histograms
from wilks.figures.parameters import pulls
from wilks.figures.posterior import posterior
from wilks.figures.profile_intervals import intervals
from wilks.figures.pruning import pruning
from wilks.figures.ranking import ranking
from wilks.figures.saving import save
from wilks.figures.scans import contour, scan
from wilks.figures.significance import significance
from wilks.figures.stack import data_mc
from wilks.figures.style import FigureStyle
from wilks.figures.summary import summary
from wilks.figures.titles import titled
from wilks.figures.toys import toy_pulls, toys
from wilks.figures.variations import variation, variations

__all__ = [
    "FigureStyle",
    "breakdown",
    "compatibility",
    "contour",
    "correlations",
    "coverage",
    "data_mc",
    "draw",
    "drawables",
    "feldman_cousins",
    "global_significance",
    "goodness_of_fit",
    "grid",
    "histograms",
    "hypotest",
    "impacts",
    "impacts_summary",
    "intervals",
    "limit",
    "modifiers",
    "poi_summary",
    "posterior",
    "pruning",
    "pulls",
    "ranking",
    "save",
    "scan",
    "significance",
    "summary",
    "titled",
    "toy_pulls",
    "toys",
    "variation",
    "variations",
]


def __dir__() -> list[str]:
    return sorted(__all__)
