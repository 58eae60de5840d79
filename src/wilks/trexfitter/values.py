"""What values settings may have: TRUE or FALSE, one of some words, or a number; TRExFitter stops at others."""

from __future__ import annotations

from collections.abc import Mapping

from wilks.errors import nearest
from wilks.trexfitter.grammar import Setting, number

_FLAGS: Mapping[str, str] = {
    "Job": "MergeUnderOverFlow StatOnly GuessMCStatEmptyBins CorrectNormForNegativeIntegral BlindSRs RemoveLargeSyst "
    "AlternativeShapeHistFactory RemoveSystOnEmptySample KeepPrefitBlindedBins AllowWrongRegionSample FixNPforStatOnly",
    "Fit": "FitBlind InjectGlobalObservables StatOnlyFit GetGoodnessOfFit DoNonProfileFit SaturatedModel",
    "Limit": "LimitBlind SignalInjection",
    "Significance": "SignificanceBlind",
    "Region": "SkipSmoothing AutomaticDropBins KeepPrefitBlindedBins",
    "Sample": "NormalizedByTheory UseMCstat UseSystematics Smooth SeparateGamma SeparateGammas",
    "NormFactor": "Constant",
    "ShapeFactor": "Constant",
    "Systematic": "IsFreeParameter KeepReferenceOverallVar NoPruning PreSmoothing SubtractRefSampleVar",
    "MultiFit": "Combine Compare ComparePOI ComparePulls CompareLimits StatOnly IncludeStatOnly GetGoodnessOfFit",
}
_SMOOTHING = (
    "MAXVARIATION TTBARRESONANCE TCHANNEL COMMONTOOLSMOOTHMONOTONIC COMMONTOOLSMOOTHPARABOLIC KERNELRATIOUNIFORM "
    "KERNELDELTAGAUSS KERNELRATIOGAUSS"
)
_WORDS: Mapping[tuple[str, str], str] = {
    ("Job", "ReadFrom"): "HIST NTUP HISTOGRAMS NTUPLES",
    ("Job", "BlindingType"): "SOVERB SOVERSPLUSB SOVERSQRTB SOVERSQRTSPLUSB",
    ("Job", "SmoothingOption"): _SMOOTHING,
    ("Job", "PruningType"): "SEPARATESAMPLE BACKGROUNDREFERENCE COMBINEDREFERENCE COMBINEDSIGNAL",
    ("Job", "PruningShapeOption"): "MAXBIN KSTEST",
    ("Job", "MCstatConstraint"): "POISSON GAUSSIAN",
    ("Limit", "LimitType"): "ASYMPTOTIC TOYS",
    ("Significance", "SignificanceType"): "ASYMPTOTIC TOYS",
    ("Region", "Type"): "SIGNAL CONTROL VALIDATION",
    ("Region", "DataType"): "DATA ASIMOV",
    ("Sample", "Type"): "SIGNAL BACKGROUND DATA GHOST",
    ("Systematic", "Type"): "HISTO OVERALL SHAPE STAT",
    ("Systematic", "CombineType"): "ENVELOPE STANDARDDEVIATION STANDARDDEVIATIONNODDOF HESSIAN",
    ("Systematic", "Symmetrisation"): "ONESIDED TWOSIDED ABSMEAN MAXIMUM MAXIMUMKEEPSIGN DIFFONLY NONE FALSE",
    ("Systematic", "SmoothingOption"): _SMOOTHING,
    ("Systematic", "Decorrelate"): "REGION SAMPLE SHAPEACC FALSE",
    ("Systematic", "ForceShape"): "NOSHAPE LINEAR TRIANGULAR",
}
_OLD: Mapping[tuple[str, str], str] = {("Region", "Type"): "BACKGROUND"}
# Values that files of older versions have; what becomes of them is noted.
_NUMBERS: Mapping[str, str] = {
    "Job": "Lumi LumiScale SystPruningNorm SystPruningShape SystLarge BlindingThreshold",
    "Fit": "LHscanMin LHscanMax LHscanSteps LHscanMinY LHscanMaxY LHscanStepsY FitToys ToysSeed",
    "Limit": "ConfidenceLevel SignalInjectionValue SplusBToys BonlyToys ToysSeed",
    "Significance": "SplusBToys BonlyToys ToysSeed",
    "Sample": "LumiScale LumiScales MCstatScale",
    "NormFactor": "Nominal Min Max Tau",
    "ShapeFactor": "Nominal Min Max",
    "Systematic": "OverallUp OverallDown",
}


def problem(block: str, key: str, setting: Setting) -> str:
    """Return what is wrong with a value; empty for nothing, and for values with placeholders, which are told anyway.

    >>> from wilks.trexfitter.grammar import Line
    >>> problem("NormFactor", "Constant", Setting("Constant", "TRU", Line("", 1, "")))
    'must be TRUE or FALSE, found "TRU"; did you mean "TRUE"?'
    """
    if "XXX" in setting.text or not setting.text:
        return ""
    found = f'found "{setting.text:.40}"'
    if key in _FLAGS.get(block, "").split():
        allowed = ["TRUE", "FALSE"]
    elif (block, key) in _WORDS:
        allowed = _WORDS[block, key].split()
    elif key in _NUMBERS.get(block, "").split():
        several = any(number(item) is None for item in setting.items)
        return f"must be a number, {found}" if several else ""
    else:
        return ""
    if setting.word in allowed or setting.word in _OLD.get((block, key), "").split():
        return ""
    return f"must be {' or '.join([', '.join(allowed[:-1]), allowed[-1]])}, {found}{nearest(setting.word, allowed)}"
