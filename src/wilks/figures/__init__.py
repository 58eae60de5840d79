"""Figures: results, predictions and histograms drawn as matplotlib figures.

Every function takes a record and returns a figure; none fits, none saves (that is `save`), none touches the global
state of matplotlib. Importing this package does not import matplotlib.
"""

from wilks.figures.overlay import histograms
from wilks.figures.parameters import pulls
from wilks.figures.saving import save
from wilks.figures.stack import data_mc
from wilks.figures.style import FigureStyle

__all__ = ["FigureStyle", "data_mc", "histograms", "pulls", "save"]
