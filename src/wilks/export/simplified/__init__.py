"""Simplified likelihoods: what is left of a model when its background has one uncertainty per bin."""

from wilks.export.simplified.coefficients import Coefficients, coefficients
from wilks.export.simplified.likelihood import SimplifiedLikelihood, comparison, simplify
from wilks.export.simplified.moments import Moments

__all__ = ["Coefficients", "Moments", "SimplifiedLikelihood", "coefficients", "comparison", "simplify"]
