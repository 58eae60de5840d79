"""Options that Combine's users type, and the answer for each that wilks has another word for, or no need of."""

from __future__ import annotations

COMMANDS = {
    "AsymptoticLimits": ("limit",),
    "Asymptotic": ("limit",),
    "HybridNew": ("limit", "hypotest", "significance"),
    "Significance": ("significance",),
    "ProfileLikelihood": ("significance",),
    "FitDiagnostics": ("fit", "export fit-diagnostics"),
    "MaxLikelihoodFit": ("fit", "export fit-diagnostics"),
    "MultiDimFit": ("fit", "intervals", "scan", "contour", "ranking", "breakdown"),
    "GoodnessOfFit": ("gof",),
    "ChannelCompatibilityCheck": ("compatibility",),
    "GenerateOnly": ("toys",),
    "Impacts": ("ranking",),
    "FeldmanCousins": ("feldman-cousins",),
    "MarkovChainMC": ("sample",),
    "BayesianSimple": ("sample",),
}
"""Commands for Combine's methods, the first the nearest."""
ALGORITHMS = {
    "none": ("fit",),
    "singles": ("intervals", "fit"),
    "grid": ("scan", "contour"),
    "fixed": ("scan",),
    "contour2d": ("contour",),
    "cross": ("intervals",),
    "impact": ("ranking",),
    "saturated": ("gof",),
}
"""Commands for Combine's algorithms."""
MISSING = {
    "KS": "there is no Kolmogorov-Smirnov test",
    "AD": "there is no Anderson-Darling test",
    "random": "there is no scan at random points",
}
"""Methods and algorithms that have no counterpart."""
MODELS = ("multiSignalModel", "floatingXSHiggs", "defaultModel")
"""Combine's physics models that datacards are read with; `--PO` says more."""
NEEDED = {"multiSignalModel": ("map", "turnoff"), "floatingXSHiggs": ("modes",)}
"""Options of `--PO` of which a physics model needs one."""

_FITS = "fits use exact derivatives and end at a checked minimum"
_WRITTEN = "results are written with -o FILE, Combine's trees with --combine-root FILE"
_SHAPES = '"wilks export fit-diagnostics" writes them for Combine\'s scripts, "wilks yields WORKSPACE --fit fit.json'
NOT_NEEDED = {
    "--robustFit": "intervals are always found on the likelihood itself",
    "--setRobustFitStrategy": "intervals are always found on the likelihood itself",
    "--setRobustFitTolerance": "intervals are always found on the likelihood itself",
    "--setRobustFitAlgo": "intervals are always found on the likelihood itself",
    "--stepSize": "intervals are always found on the likelihood itself",
    "--maxFailedSteps": "intervals are always found on the likelihood itself",
    "--robustHesse": "covariances come from exact second derivatives",
    "--cminDefaultMinimizerStrategy": _FITS,
    "--cminDefaultMinimizerType": _FITS,
    "--cminDefaultMinimizerAlgo": _FITS,
    "--cminDefaultMinimizerTolerance": _FITS,
    "--cminFallbackAlgo": _FITS,
    "--cminApproxPreFitTolerance": _FITS,
    "--cminPreFit": _FITS,
    "--cminApproxPreFitStrategy": _FITS,
    "--cminDefaultMinimizerPrecision": _FITS,
    "--cminInitialHesse": _FITS,
    "--cminFinalHesse": _FITS,
    "--cminSetZeroPoint": _FITS,
    "--cminOldRobustMinimize": _FITS,
    "--startFromPreFit": _FITS,
    "--minimizerAlgo": _FITS,
    "--minimizerAlgoForMinos": _FITS,
    "--minimizerStrategy": _FITS,
    "--minimizerTolerance": _FITS,
    "--X-rtd": "it steers Combine's own evaluation",
    "--rAbsAcc": "limits are found to all digits that are printed",
    "--rRelAcc": "limits are found to all digits that are printed",
    "--clsAcc": "limits are found to all digits that are printed",
    "--tries": "limits are found to all digits that are printed",
    "--nllbackend": "it steers Combine's own evaluation",
    "--optimizeSimPdf": "it steers Combine's own evaluation",
    "--newExpected": "expected limits are those of the new formula",
    "--saveInactivePOI": "results have all parameters",
    "--saveSpecifiedNuis": "results have all parameters",
    "--trackParameters": "results have all parameters",
    "--autoBoundsPOIs": "a parameter that ends at a bound is pointed out, --setParameterRanges widens it",
    "--autoMaxPOIs": "a parameter that ends at a bound is pointed out, --setParameterRanges widens it",
    "--optimize-simpdf-constraints": "it steers how Combine writes its workspace",
    "--alignEdges": "a scan has both ends of its range",
    "--name": "files have the names that -o gives them",
    "--verbose": "what is worth knowing is printed",
}
"""Options with a value that change nothing here, and why; they are pointed out."""
NOT_NEEDED_FLAGS = {
    "--cminPreScan": _FITS,
    "--cminRunAllDiscreteCombinations": _FITS,
    "--cminPoiOnlyFit": _FITS,
    "--cminSingleNuisFit": _FITS,
    "--initFromBonly": _FITS,
    "--hintStatOnly": _FITS,
    "--forceRecreateNLL": _FITS,
    "--keepFailures": "results of fits that fail are kept, and marked",
    "--perfCounters": "it steers Combine's own evaluation",
    "--channel-masks": "any channel can be masked",
    "--for-fits": "it steers how Combine writes its workspace",
    "--no-wrappers": "it steers how Combine writes its workspace",
    "--use-histsum": "it steers how Combine writes its workspace",
    "--no-b-only": "it steers how Combine writes its workspace",
    "--no-optimize-pdfs": "it steers how Combine writes its workspace",
    "--X-pack-asympows": "it steers how Combine writes its workspace",
    "--X-no-optimize-bins": "it steers how Combine writes its workspace",
    "--guessGenMode": "toys are binned",
    "--fullBToys": "both hypotheses have as many toys",
    "--saveNLL": "results have 2NLL",
}
"""The same, without a value."""
ALWAYS = {
    "export fit-diagnostics": {
        "--saveShapes": "the file has them",
        "--saveNormalizations": "the file has them",
        "--saveWithUncertainties": "the file has them",
        "--saveNLL": "the file has it",
    }
}
"""What commands do anyway."""
SHORT = {"--name": "-n", "--verbose": "-v", "--datacard": "-d", "--dataset": "-D"}
"""Short forms."""

ELSEWHERE = {
    "--minos": '"wilks intervals" finds them, "wilks fit --minos NAME" beside a fit',
    "--datacard": "the card stands alone, without an option",
    "--dataset": "--data-set NAME is another data set of a workspace",
    "--floatParameters": 'what a card freezes floats when its line "nuisance edit freeze" is left out',
    "--do95": "--level 0.95 of intervals",
    "--autoRange": "a scan goes a little beyond the 95 % interval by itself",
    "--gridPoints": '"wilks contour --points N" has N points along each axis',
    "--text2workspace": "its options stand beside the others",
    "--grid": '"wilks limit --toys N" makes what toys it needs',
    "--getLimitFromGrid": '"wilks limit" needs no grid',
    "--expectedFromGrid": "all expected limits are printed",
    "--signalForSignificance": '"wilks significance --injected SIZE" gives expected ones',
    "--qtilde": "--statistic q~ (the default) or q",
    "--uncapped": '"wilks hypotest --value 0 --statistic q0" tests it',
    "--trackErrors": "results have the uncertainties of all parameters",
    "--out": _WRITTEN,
    "--snapshotName": 'a fit is handed on as its file: "wilks yields WORKSPACE --fit fit.json", --after fit.json',
    "--toysFile": '"wilks toys --folder FOLDER" keeps toys, and goes on where it ended',
    "--expectSignalMass": "-m gives the mass of the card that is read",
    "--plot": '"wilks plot" draws a saved result',
    "--testStat": "--statistic q~ or q is LHC's, the default is q~",
    "--rule": "limits are CLs, and CLs+b stands beside in hypotest",
    "--LHCmode": "LHC-limits is the default; --toys N uses toys",
    "--fork": "--threads N",
    "--parallel": "--threads N",
    "--task-name": "--threads N",
    "--job-mode": "--threads N",
    "--firstPoint": "a scan is quick enough for one command: --points N",
    "--lastPoint": "a scan is quick enough for one command: --points N",
    "--setParametersForGrid": "a scan is along --parameter, over two of them it is a contour",
    "--setCrossingTolerance": "intervals are found to all digits that are printed",
    "--runMinos": '"wilks intervals" finds them, "wilks fit --minos NAME" beside a fit',
    "--minosAlgo": "intervals are found on the likelihood itself",
    "--freezeWithAttributes": "--freezeParameters and --freezeNuisanceGroups take names, patterns and groups",
    "--setParameterRandomInitialValueRanges": "--search thorough starts from many places",
    "--fixedPointPOIs": '"wilks scan" and "wilks contour" have the likelihood along parameters',
    "--centeredRange": "--range LOW HIGH of a scan",
    "--preFitValue": "--setParameters r=VALUE is where the prediction before the fit is made",
    "--generateNuisances": "nuisance parameters are not random, their auxiliary data are",
    "--fitNuisances": "--after fit.json is the fit that toys are made at",
    "--iterations": "--toys N makes as many toys as are needed",
    "--importantContours": '"wilks feldman-cousins" makes as many toys as each point takes',
    "--group": '"wilks compatibility --group NAME=CHANNELS" puts channels together',
    "--default-morphing": "the kind of the row (shape, shapeN) says how it is morphed",
    "--X-exclude-nuisance": '"wilks prune card.txt -m NAME -o pruned.json" leaves it out',
    "--fixedSignalStrength": '"wilks gof --fix r=VALUE" tests at a signal strength',
}
"""Options with a value that ask for something that is done in another way, and what that is."""
ELSEWHERE_FLAGS = {
    "--saveWorkspace": '"wilks convert card.txt workspace.json" writes a workspace, "wilks fit -o fit.json" a fit, '
    "and --combine-root FILE Combine's tree without a snapshot",
    "--saveFitResult": '"wilks fit -o fit.json" writes the fit, "wilks export fit-diagnostics" its values and '
    "correlations for Combine's scripts",
    "--saveShapes": f'{_SHAPES} --per-bin" has them too',
    "--saveNormalizations": f'{_SHAPES}" has them too',
    "--saveWithUncertainties": f'{_SHAPES}" has them too',
    "--saveOverallShapes": f'{_SHAPES} --per-bin" has them too; sums over channels are not in the file',
    "--saveToys": '"wilks toys --folder FOLDER" keeps toys',
    "--saveHybridResult": _WRITTEN,
    "--plots": '"wilks data-mc WORKSPACE --fit fit.json" draws them',
    "--toysFrequentist": 'fit first, "wilks fit WORKSPACE --fix r=VALUE -o fit.json", then --after fit.json is where '
    "data or toys are made",
    "--toysNoSystematics": "toys without them have all constrained parameters frozen: "
    "--freezeParameters allConstrainedNuisances",
    "--bypassFrequentistFit": "--after fit.json takes a fit that is made already",
    "--fastScan": '"wilks scan --stat-only" adds the curve with all constrained parameters at the best fit',
    "--noFitAsimov": "--run blind gives expected limits before a fit",
    "--pval": 'p0 stands beside the significance, and "wilks hypotest --value VALUE --statistic q0" gives it alone',
    "--pvalue": 'p0 stands beside the significance, and "wilks hypotest --value VALUE --statistic q0" gives it alone',
    "--frequentist": "toys are frequentist: nuisance parameters are not random, their auxiliary data are",
    "--fullGrid": '"wilks limit --toys N" makes what toys it needs',
    "--lowerLimit": '"wilks intervals" has lower ends, and "wilks feldman-cousins"',
    "--picky": "a fit that fails is marked, and the exit code is 1",
    "--useMinos": "limits are CLs",
    "--bruteForce": "limits are CLs",
    "--strictBounds": "--bounds r=LOW:HIGH keeps a limit in a range",
    "--stat": "-S 0 freezes all nuisance parameters",
    "--fix-pars": "-S 0 freezes all nuisance parameters",
    "--just-check-physics-model": '"wilks inspect" shows what is read',
    "--X-no-jmax": "jmax * in the card leaves it open",
    "--X-assign-flatParam-prior": 'no term stands for a flat prior; priors are those of "wilks sample"',
    "--customStartingPoint": "--search thorough starts from many places",
    "--significance": '"wilks significance" has it',
    "--readHybridResults": '"wilks limit --toys N" makes what toys it needs',
    "--saveGrid": _WRITTEN,
    "--skipSBFit": '"wilks fit --fix r=0" is the fit of the background alone',
    "--skipInitialFit": "a scan starts from its fit, which takes milliseconds",
    "--squareDistPoiStep": "points of a scan are evenly spread",
    "--doInitialFit": '"wilks ranking" does all steps of Impacts at once',
    "--doFits": '"wilks ranking" does all steps of Impacts at once',
    "--justFit": '"wilks fit" fits only',
    "--skipBOnlyFit": '"wilks fit" makes one fit; that of the background alone has --fix r=0',
    "--ignoreCovWarning": "a covariance that can't be trusted is not given",
    "--noErrors": "errors cost nothing",
}
"""The same, without a value."""
