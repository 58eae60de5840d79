"""Which keys TRExFitter knows in which block, and what becomes of each: the table behind reading and the report.

Exact: the steering file says the same. Cosmetic: figures, tables and folders, no number. Command: an option of a
command. Approximate: the numbers differ a little. None: nothing of wilks does that. Refused: a configuration with it
has another model than HistFactory templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache


class Kind(StrEnum):
    """What becomes of a setting."""

    EXACT = "exact"
    COSMETIC = "cosmetic"
    COMMAND = "command"
    APPROXIMATE = "approximate"
    NONE = "can't be said"


_PARTS = ("Path", "File", "Name")
_UNFOLDING = ("ResponseMatrix", "Acceptance", "SelectionEff", "Migration", "TruthDistribution")


def _paths(suffixes: bool) -> str:
    """Return the keys of paths of a job (without suffixes), a region or a sample."""
    ends = ("", "s", "Suff", "Suffs") if suffixes else ("", "s")
    return " ".join(f"{kind}{part}{end}" for kind in ("Ntuple", "Histo") for part in _PARTS for end in ends)


def _sides() -> str:
    """Return the keys of paths of a systematic."""
    return " ".join(
        f"{kind}{part}{end}{side}"
        for kind in ("Ntuple", "Histo")
        for part in _PARTS
        for end in ("", "s", "Suf")
        for side in ("Up", "Down")
    )


def _keys(**kinds: str) -> dict[str, Kind]:
    return {key: Kind[name.upper()] for name, keys in kinds.items() for key in keys.split()}


_RATIOS = "RatioYmax RatioYmin RatioYmaxPostFit RatioYminPostFit"
_TOYS = "ToysHistoMin ToysHistoMax ToysHistoNbins ToysSeed ToysPseudodataNP ToysPseudodataNPShift ToysStatOutput"
_TOYS += " ToysOnlyStatFluctuation ToysNpValuesFile FitToysRandomInitialNormFactorValues FitToysLHscanCondition"
_TOYS += " ToysLHScanForAll"
_MINIMISER = "NumCPU SetRandomInitialNPval SetRandomInitialNPvalSeed FitStrategy BinnedLikelihoodOptimization"
_MINIMISER += (
    " UseHesseBeforeMigrad UseHesse UseNLLwithoutOffsetInLHscan MaximumNumberFCNcalls ToleranceScale UseAutoDiff"
)
_MINIMISER += " NLLOffset ErrorSigma UseRegularBinning"
_SCAN = "doLHscan do2DLHscan LHscanMin LHscanMax LHscanSteps LHscanMinY LHscanMaxY LHscanStepsY"
_LOOK = "LabelX LabelY LegendX1 LegendX2 LegendY LegendNColumns"
_LOOKS = " ".join(f"{key}{end}" for key in _LOOK.split() for end in ("", "Summary", "Merge"))

# fmt: off
TABLE: Mapping[str, Mapping[str, Kind]] = {
    "Job": _keys(
        exact=_paths(suffixes=False) + " HistoNameNominal ReadFrom POI POIs MCstatThreshold MCweight "
        "SystPruningShape SystPruningNorm Selection MCstatConstraint ReplacementFile MergeUnderOverFlow PruningType "
        "SystLarge RemoveLargeSyst AlternativeShapeHistFactory DecorrSysts DecorrSuff Lumi LumiScale StatOnly "
        "CorrectNormForNegativeIntegral SmoothingOption",
        command="BlindingThreshold BlindingType BlindSRs KeepPrefitBlindedBins FitType CustomAsimov",
        approximate="GuessMCStatEmptyBins",
        none="PruningShapeOption RemoveSystOnEmptySample Bootstrap BootstrapSyst BootstrapSample "
        "BootstrapNomHistos CustomFunctions CustomFunctionsExecutes CustomIncludePaths SmoothMorphingTemplates "
        "PropagateSystsForMorphing ExcludeFromMorphing MaxNtupleEvents FriendPath FriendPaths AddAliases "
        "FixNPforStatOnly DataWeighted ApplyGammaCorrection DoExtendedCovariances NoPruning",
        cosmetic=f"{_RATIOS} {_LOOKS} ImageFormat CmeLabel LumiLabel HistoChecks Label PlotOptions SystControlPlots "
        "DebugLevel SplitHistoFiles RankingMaxNP CorrelationThreshold SystErrorBars DoPieChartPlot "
        "SystCategoryTables GetChi2 SystDataPlots DoSignalRegionsPlot RankingPlot DoSummaryPlot DoTables "
        "KeepPruning AtlasLabel UseGammaPulls SummaryPlotYmin FCCLabel OutputDir UseATLASRounding "
        "UseATLASRoundingTxt UseATLASRoundingTex POIPrecision RankingPOIName AllowWrongRegionSample SummaryPlotYmax "
        "SummaryLogY OVERSIGSCALE POIUnit IntCodeOverall IntCodeShape IntCode Logo YIELDS NORMSIG NOSIG OVERSIG "
        "CHI2 PREFITONPOSTFIT NOXERR STANDALONE FOOTNOTESIZE LANDSCAPE SignalRegionsPlot SummaryErrorbars "
        "InputFolder InputName WorkspaceFileName CleanTables SummaryPlotRegions RatioYtitle RatioType DoMergedPlot "
        "SuppressNegativeBinWarnings PlotOptionsSummary RegionGroups TableOptions Suffix SaveSuffix HideNP "
        "SummaryPlotLabels SummaryPlotValidationRegions SummaryPlotValidationLabels SummaryPrefix UseGammasForCorr "
        "PrePostFitCanvasSize SummaryCanvasSize MergeCanvasSize PieChartCanvasSize NPRankingCanvasSize "
        "ScaleSamplesToData ReorderNPs HEPDataFormat UseHEPDataRounding UheppFormat CombinerFormat "
        "ShowValidationPruning DoSystNormalizationPlots ExperimentLabel LoggingFormat UseFolderStructure "
        "RecreateBinningFiles WorkspaceCreationType SeparationPlot ProducePerRegionWS DrawPruningPlot "
        "WriteCustomAsimovToWS ToysForErrorBand UsePDGRounding UsePDGRoundingTxt UsePDGRoundingTex "
        "RankingPOIAxisScale RankingUpperAxisNdivision NoPrePostFitLabel PreFitLabel PostFitLabel PlotLabel "
        "UnfoldingShowStatOnlyError UnfoldingShowUncertaintyBreakdown UnfoldingUncertaintyBreakdownTotal",
    ),
    "Fit": _keys(
        command=f"{_SCAN} {_TOYS} FitType FitRegion POIAsimov UseMinos FitBlind GetGoodnessOfFit SaturatedModel "
        "FitToys StatOnlyFit NPValues NPValuesFromFitResults NPValuesFromFitResultsFile InjectGlobalObservables "
        "BlindedParameters AsimovDataset ErrorDecomposition UsePOISinRanking AddNFsToPOIs",
        exact="FixNPs ConfigFile",
        none="TemplateInterpolationOption DoNonProfileFit NonProfileFitSystThreshold RegularizationType "
        "MultiStageFit NPCutOff DataWeighted Workspace FitResultsRootFile UseInFit",
        cosmetic=f"{_MINIMISER} Label CmeLabel LumiLabel ShiftGlobalObservablesInRanking Options LoadSuf "
        "FitResultsFile LimitsFile POIName Directory InputName UseInComparison",
    ),
    "Limit": _keys(
        command="LimitType LimitBlind POI POIAsimov POIScanMin POIScanMax NScanPoints ScanMin ScanMax ScanSteps "
        "SignalInjection SignalInjectionValue ConfidenceLevel SplusBToys BonlyToys ToysSeed",
        cosmetic=f"{_MINIMISER} DoLimitMacro LimitPlot LimitFile ParamName ParamValue OutputPrefixName "
        "ToysUsexRooFit",
    ),
    "Significance": _keys(
        command="SignificanceBlind POIAsimov SignificanceType POI SplusBToys BonlyToys ToysSeed",
        cosmetic=f"{_MINIMISER} SignificancePlot ParamName ParamValue OutputPrefixName ToysUsexRooFit",
    ),
    "Options": _keys(
        cosmetic="NoPrePostFit SystPlotRatioRange SoverBinRatio FourTopStyle CanvasWidthMerge CanvasWidthSummary "
        "CanvasWidth CanvasHeight MergeYfrac MergeYmaxScale SystFillStyle LegendNColumns FitStrategy "
        "GroupedImpactMoreFit ShapeOnlySystBand NormSigSRonly RandomizeMC PoissonizeData MergeScaleY "
        "SignalRegionSize LogSignalRegionPlot PieChartSize ReduceRanking TRExbbStyle PrefitRatioMax "
        "LogXSignalRegionPlot MergeLogY MergeLogYmin MergeUniqueY MergeFixLastBinWidth MergeRegionLabelAlign "
        "VVVTotalUncert VVVHideData",
    ),
    "Region": _keys(
        exact=_paths(suffixes=True) + " HistoFolderName VariableTitle Type Variable Selection MCweight Rebin "
        "Rebinning Binning DropBins SkipSmoothing VariableForSample SelectionForSample",
        command="DataType AutomaticDropBins BlindingThreshold BlindBins KeepPrefitBlindedBins",
        none="IsBinOfRegion RandomNFscale FriendPath FriendPaths FriendPathSuff FriendPathSuffs",
        cosmetic=f"{_RATIOS} Label ShortLabel LogScale BinWidth TexLabel YmaxScale LogScaleX BinLabels YaxisTitle "
        "Ymax Ymin LumiLabel CmeLabel Group XaxisRange BinDividers RangeLabels BinTickMarks BinTickMarksLabels "
        "DrawDataMinusBkg PruningPlotSamples PlotSubdir TransfoErr",
    ),
    "Sample": _keys(
        exact=_paths(suffixes=True) + " HistoFolderName Type Regions Exclude UseMCstat MCweight NormFactor "
        "ShapeFactor Selection NormalizedByTheory LumiScale LumiScales IgnoreSelection IgnoreWeight UseSystematics "
        "Smooth MCstatScale SeparateGammas SeparateGamma AddSample AddSamples",
        none="EFTParam EFTSMReference EFTValue MultiplyBy DivideBy NormToSample SubtractSample SubtractSamples "
        "AsimovReplacementFor CorrelateGammasInRegions CorrelateGammasWithSample Morphing SystFromSample "
        "UseGaussianShapeSysConstraint NoPruning Template AlternativeRefInTemplateMorphing UseFriend FriendPath "
        "FriendPaths FriendPathSuff FriendPathSuffs",
        cosmetic="Title LineColor FillColor TexTitle Group EFTTitle GridDID FillColorRGB LineColorRGB "
        "FillLineColorHEX LineStyle LineWidth BuildPullTable",
    ),
    "NormFactor": _keys(
        exact="Nominal Min Max Samples Exclude Regions Constant Expression Tau",
        none="CorrelateUnfolding",
        cosmetic="Title TexTitle Category SubCategory",
    ),
    "ShapeFactor": _keys(
        exact="Samples Regions Exclude Nominal Min Max Constant",
        none="Expression",
        cosmetic="Title TexTitle Category SubCategory",
    ),
    "Systematic": _keys(
        exact=_sides() + " HistoFolderNameUp HistoFolderNameDown Type Samples Regions Exclude ExcludeRegionSample "
        "KeepReferenceOverallVar ReferenceSmoothing OverallUp OverallDown Symmetrisation "
        "WeightSufUp WeightSufDown WeightUp WeightDown IgnoreWeight DropNorm "
        "DropShapeIn NuisanceParameter IsFreeParameter ReferenceSample KeepNormForSamples DummyForSamples "
        "ReferenceSmoothing ScaleUp ScaleDown Smoothing SmoothingOption SampleUp SampleDown "
        "Decorrelate NoPruning CombineName CombineType DropNormSpecial",
        none="ReferencePruning PreSmoothing SubtractRefSampleVar "
        "ForceShape BootstrapSample HistoFolderSubtractNameUp HistoFolderSubtractNameDown",
        cosmetic="Title TexTitle StoredName Category SubCategory IsCorrelated",
    ),
    "MultiFit": _keys(
        exact="Combine",
        command="POIName POIAsimov POIInitial POINominal FitType StatOnly IncludeStatOnly GetGoodnessOfFit FitToys "
        f"DataName {_SCAN} {_TOYS} BlindedParameters",
        none="NuisParListFile NPCategories MultiStageFit NPCutOff",
        cosmetic=f"{_MINIMISER} OutputDir Label LumiLabel CmeLabel CombiLabel SaveSuf SaveSuffix ShowObserved "
        "LimitTitle POITitle CompareLimits ComparePOI ComparePulls CompareEFT PlotCombCorrMatrix "
        "CorrelationThreshold Compare POIRange LimitMax POIPrecision CombineChByCh FastFit FastFitForRanking "
        "PlotSoverB SignalTitle FitResultsFile FitResultsRootFile LimitsFile BonlySuffix ShowSystForPOI PlotOptions "
        "Logo DebugLevel POILabel ShowTotalOnly HEPDataFormat UheppFormat LoggingFormat UsePOISinRanking "
        "ShiftGlobalObservablesInRanking Regions PlotGammas RankingPOIName RankingPOIAxisScale "
        "RankingUpperAxisNdivision PlotUnfoldedData UseInFit",
    ),
    **{block: {} for block in ("Unfolding", "UnfoldingSample", "UnfoldingSystematic", "TruthSample")},
    **{block: {} for block in ("Morphing", "EFTConfig", "PlotRatio")},
}
# fmt: on

BLOCKS = tuple(TABLE)
REFUSED: Mapping[str, str] = {
    "Unfolding": "unfolding",
    "UnfoldingSample": "unfolding",
    "UnfoldingSystematic": "unfolding",
    "TruthSample": "unfolding",
    "Morphing": "morphing",
    "EFTConfig": "effective field theory",
}
# Settings that make another model than templates, and what messages call it; the values in brackets are those that do.
REFUSED_KEYS: Mapping[tuple[str, str], str] = {
    ("Sample", "Morphing"): "morphing",
    ("Fit", "TemplateInterpolationOption"): "morphing",
    ("Sample", "EFTParam"): "effective field theory",
    ("Sample", "EFTSMReference"): "effective field theory",
    ("Sample", "EFTValue"): "effective field theory",
    ("Job", "CustomFunctions"): "C++ code of your own",
    ("Job", "CustomFunctionsExecutes"): "C++ code of your own",
    ("Job", "CustomIncludePaths"): "C++ code of your own",
}
REFUSED_VALUES: Mapping[tuple[str, str, str], str] = {
    ("Fit", "FitType", "UNFOLDING"): "unfolding",
    ("Fit", "FitType", "EFT"): "effective field theory",
    ("Sample", "Type", "EFT"): "effective field theory",
}


@cache
def kind_of(block: str, key: str) -> Kind | None:
    """Return what becomes of a key; None where TRExFitter does not know it.

    >>> kind_of("Job", "POI"), kind_of("Region", "Variabel")
    (<Kind.EXACT: 'exact'>, None)
    """
    if block in REFUSED or is_unfolding(key):
        return Kind.NONE
    if block == "PlotRatio":
        return Kind.COSMETIC
    if block == "Systematic" and key.endswith(("RefSample", "SubtractSample")):
        return Kind.NONE
    return TABLE.get(block, {}).get(key)


def is_unfolding(key: str) -> bool:
    """Return whether a key of a job or a region belongs to unfolding."""
    return key.startswith(_UNFOLDING) or key in ("NumberOfRecoBins", "NormalizeMigrationMatrix")


def refused_because(block: str, key: str, word: str) -> str | None:
    """Return what a setting asks for that makes another model (`word` is its value in capitals), None for nothing."""
    if block not in REFUSED and is_unfolding(key):
        return "unfolding"
    return REFUSED_KEYS.get((block, key)) or REFUSED_VALUES.get((block, key, word))


def blocks_with(key: str) -> list[str]:
    """Return the blocks that have a key."""
    return [block for block, keys in TABLE.items() if key in keys]
