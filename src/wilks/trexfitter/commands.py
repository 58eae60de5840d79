"""What a configuration asks of the model: command lines, each with the settings that it comes from."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wilks.errors import nearest
from wilks.trexfitter.analysis import DATA, Analysis, type_of
from wilks.trexfitter.grammar import Block, number
from wilks.trexfitter.regions import type_of as region_type
from wilks.trexfitter.titles import factor_titles, figure_titles, parameters_of

_GAMMA = re.compile(r"gamma_stat_(.+)_bin_(\d+)")
_FIT_TYPES = ("SPLUSB", "BONLY")


@dataclass(frozen=True)
class Command:
    """A command line, and what it is for."""

    line: str
    why: str

    def __str__(self) -> str:
        return f"{self.line}  # {self.why}" if self.why else self.line


class Commands:
    """Collects command lines of one fit."""

    def __init__(self, analysis: Analysis, document: Mapping[str, Any], workspace: str) -> None:
        general = document["General"]
        self._analysis = analysis
        self._document = document
        self._poi = str(general.get("POI") or (general.get("POIs") or [""])[0])
        self._parameters = parameters_of(document)
        self._workspace = workspace
        self._fit = analysis.first("Fit")
        self._found: list[Command] = []
        self._plots: list[str] = []
        self._config = ""
        self._custom = self._takes_asimov()

    def of_fit(self, config: str) -> list[Command]:
        """Return all commands, in the order of an analysis."""
        self._config = config
        self._add(["wilks", "workspace", config, "-o", self._workspace], "TRExFitter's actions n or h, and w")
        shared = self._shared()
        self._fits(shared)
        self._scans(shared)
        self._limit(shared)
        self._significance(shared)
        self._rest()
        return self._found

    def _add(self, words: Sequence[str], why: str) -> None:
        self._found.append(Command(shlex.join(words), why))

    def _on_workspace(self, command: str, options: Sequence[str], why: str) -> None:
        self._add(["wilks", command, self._workspace, *options], why)

    def _shared(self) -> list[str]:
        """Return the options of every fit: fixed POI, channels and blinded ones."""
        job, fit, options = self._analysis.job, self._fit, []
        setting = fit.get("FitType") or job.get("FitType")
        job.get("FitType")
        if setting is not None and setting.word == "BONLY" and self._poi:
            options += ["--fix", f"{self._poi}=0"]
        elif setting is not None and setting.word not in _FIT_TYPES:
            self._analysis.notes.mistake(fit, setting, f"must be SPLUSB or BONLY, found {setting.text}")
        region = fit.get("FitRegion")
        if region is not None and region.word == "CRONLY":
            controls = [r.name for r in self._analysis.regions if region_type(r) == "CONTROL"]
            options += [word for name in controls for word in ("--channels", name)]
        elif region is not None and region.word != "CRSR":
            names = list(region.items)
            known = {r.name for r in self._analysis.regions}
            if not set(names) <= known:
                self._analysis.notes.mistake(fit, region, f"must be CRSR, CRONLY or regions, found {region.text:.60}")
            options += [word for name in names for word in ("--channels", name)]
        return options + self._blinded()

    def _blinded(self) -> list[str]:
        job, options = self._analysis.job, []
        threshold = job.get("BlindingThreshold")
        kind = job.get("BlindingType")
        job.get("KeepPrefitBlindedBins")
        if threshold is not None and (kind is None or kind.word == "SOVERB"):
            self._plots = ["--blind", f"S/B > {threshold.text}"]
        elif kind is not None:
            self._analysis.notes.approximate(
                job, kind, "bins are blinded by S/B, or one by one with --blind CHANNEL[3]"
            )
        for region in self._analysis.regions:
            if self._asimov(region):
                options += ["--blind", region.name]
                self._plots += ["--blind", region.name]
            for key in ("AutomaticDropBins", "BlindingThreshold", "BlindBins", "KeepPrefitBlindedBins"):
                setting = region.get(key)
                if setting is not None and setting.word != "FALSE":
                    text = "bins are left out of a fit with --blind CHANNEL[3:6], by hand"
                    self._analysis.notes.approximate(region, setting, text)
        if len(options) == 2 * len(self._analysis.regions) and options:
            return []  # all regions have Asimov data: commands say --asimov
        if options:
            text = "the region is left out of the fit, and has Asimov data with wilks.mixed in Python"
            for region in self._analysis.regions:
                if region.text("DataType").upper() == "ASIMOV":
                    self._analysis.notes.approximate(region, "DataType", text)
                elif self._asimov(region):
                    self._analysis.notes.approximate(job, "BlindSRs", text)
        return options

    def _asimov(self, region: Block) -> bool:
        """Return whether a region has Asimov data."""
        blinded = self._analysis.job.true("BlindSRs") and region_type(region) == "SIGNAL"
        return blinded or region.text("DataType").upper() == "ASIMOV"

    def _takes_asimov(self) -> bool:
        """Return whether `CustomAsimov` is no sample's, so that TRExFitter takes Asimov data."""
        setting = self._analysis.job.get("CustomAsimov")
        if setting is None or setting.word in ("FALSE", "NONE"):
            return False
        replacing = [sample.items("AsimovReplacementFor")[:1] for sample in self._analysis.of("Sample")]
        if [setting.text] in replacing:
            text = "data in which a sample is replaced by another one are not made; data are those of the configuration"
            self._analysis.notes.cannot(self._analysis.job, setting, text)
            return False
        text = "no sample has it as AsimovReplacementFor: TRExFitter takes Asimov data, as commands do with --asimov"
        self._analysis.notes.approximate(self._analysis.job, setting, text)
        return True

    def blind(self, block: Block, key: str, default: str = "") -> list[str]:
        """Return the options of Asimov data, where a block asks for them or there are no data.

        `default` is the parameter of interest that they are made with, where the block has no `POIAsimov`.
        """
        regions = self._analysis.regions
        all_asimov = bool(regions) and all(map(self._asimov, regions))
        no_data = self._custom or not any(type_of(sample) == DATA for sample in self._analysis.samples)
        wanted = block.true(key)
        value = block.get("POIAsimov")
        options = ["--asimov"] if wanted or all_asimov or no_data else []
        if options and value is not None and self._poi:
            if number(value.text) is not None:
                return [*options, "--set", f"{self._poi}={value.text}"]
            for item in value.items:
                name, _, text = item.rpartition(":")
                if not name or number(text) is None:
                    text = f'must be a number, or name:number for several parameters; found "{item:.40}"'
                    self._analysis.notes.mistake(block, value, text)
            pairs = [item.replace(":", "=") for item in value.items]
            return options + [word for pair in pairs for word in ("--set", pair)]
        return [*options, "--set", f"{self._poi}={default}"] if options and default and self._poi else options

    def _fits(self, shared: list[str]) -> None:
        fit = self._fit
        asimov = self.blind(fit, "FitBlind")
        values = fit.get("NPValues")
        if asimov and values is not None:
            asimov += [w for item in values.items for w in ("--set", item.removeprefix("alpha_").replace(":", "="))]
        elif values is not None:
            self._analysis.notes.approximate(
                fit, values, "values of parameters are for Asimov data only: FitBlind is FALSE"
            )
        for key in ("NPValuesFromFitResults", "NPValuesFromFitResultsFile"):
            setting = fit.get(key)
            if setting is not None:
                self._analysis.notes.approximate(
                    fit, setting, "data at a fit: --asimov --after fit.json, of a fit made here"
                )
        for key in ("InjectGlobalObservables", "AsimovDataset", "UsePOISinRanking", "AddNFsToPOIs"):
            fit.get(key)
        minos = self._names("UseMinos")
        if not asimov:
            extra = [word for name in minos for word in ("--minos", name)]
            self._on_workspace("fit", [*shared, *extra, "-o", "fit.json"], "action f")
            self._add(["wilks", "pulls", "fit.json", "-o", "pulls.pdf"], "action f, its figures")
        if asimov or not minos:
            chosen = minos or ([self._poi] if self._poi else ["*"])
            words = [word for name in chosen for word in ("--parameter", name)]
            self._on_workspace("intervals", [*shared, *asimov, *words], "action f, UseMinos" if minos else "action f")
        if self._poi and self._ranks():
            self._on_workspace("ranking", [*_no_fix(shared, self._poi), *asimov, "-o", "ranking.json"], "action r")
            titles = factor_titles(self._analysis, self._document)
            self._add(["wilks", "plot", "ranking.json", "-o", "ranking.pdf", *titles], "action r, its figure")
        if self._poi:
            self._on_workspace("breakdown", [*_no_fix(shared, self._poi), *asimov], "action i")
        if fit.true("GetGoodnessOfFit") or fit.true("SaturatedModel"):
            self._on_workspace("gof", shared, "GetGoodnessOfFit")
        toys = fit.get("FitToys")
        if toys is not None and toys.text not in ("0", "FALSE"):
            self._on_workspace("toys", [*shared, "--count", toys.text], "FitToys")
        if fit.true("StatOnlyFit"):
            self._on_workspace("scan", [*shared, *asimov, "--stat-only"], "StatOnlyFit")
        if fit.get("BlindedParameters") is not None:
            self._on_workspace("fit", [*shared, "--blind-poi"], "BlindedParameters")

    def _ranks(self) -> bool:
        """Return whether there are parameters beside those of interest."""
        general = self._document["General"]
        fixed = {item["Name"] for item in general.get("Fixed", [])}
        others = set(self._parameters) - fixed - {self._poi, *general.get("POIs", [])}
        return bool(others) or "Staterror" in general

    def _names(self, key: str) -> list[str]:
        """Return the parameters under a key of the fit; `*` for all."""
        setting = self._fit.get(key)
        found = [name for name in setting.items if name.casefold() != "none"] if setting is not None else []
        return ["*" if name.casefold() == "all" else known for name in found if (known := self._known(key, name))]

    def _known(self, key: str, name: str) -> str:
        """Return the name of a parameter as the workspace has it; empty for one that it does not have, with a note."""
        gamma = _GAMMA.fullmatch(name)
        if gamma and gamma[1] in [region.name for region in self._analysis.regions]:
            return f"staterror_{gamma[1]}[{gamma[2]}]"
        plain = name.removeprefix("alpha_")
        if name.casefold() == "all" or "*" in name or plain in self._parameters:
            return plain
        hint = nearest(plain, self._parameters)
        self._analysis.notes.approximate(self._fit, key, f'there is no parameter "{name}"{hint}; it is left out')
        return ""

    def _scans(self, shared: list[str]) -> None:
        fit = self._fit
        low, high, steps = fit.text("LHscanMin"), fit.text("LHscanMax"), fit.text("LHscanSteps")
        asimov = self.blind(fit, "FitBlind")
        extra = ["--range", low, high] if low and high else []
        extra += ["--points", steps] if steps else []
        for name in self._names("doLHscan"):
            if name == "*":
                self._on_workspace(
                    "scan", [*shared, *asimov, *extra], "doLHscan: all, one parameter after the other with --parameter"
                )
            else:
                self._on_workspace("scan", [*shared, *asimov, "--parameter", name, *extra], "doLHscan")
        pairs = fit.get("do2DLHscan")
        for item in pairs.text.split(":") if pairs is not None else []:
            written = [name.strip() for name in item.split(",")]
            if len(written) != 2 or not all(written):
                text = f'must be pairs of parameters, a,b or a,b:c,d; found "{item.strip():.40}"'
                self._analysis.notes.mistake(fit, pairs, text)
                continue
            names = [self._known("do2DLHscan", name) for name in written]
            if all(names):
                words = [word for name in names for word in ("--parameter", name)]
                self._on_workspace("contour", [*shared, *asimov, *words], "do2DLHscan")
        for key in ("LHscanMinY", "LHscanMaxY", "LHscanStepsY", "ErrorDecomposition"):
            fit.get(key)

    def _limit(self, shared: list[str]) -> None:
        for limit in self._analysis.of("Limit"):
            options = [*_no_fix(shared, self._poi), *self.blind(limit, "LimitBlind", "0")]
            level = limit.text("ConfidenceLevel")
            options += ["--level", level] if level else []
            poi = limit.text("POI")
            options += ["--poi", poi] if poi and poi != self._poi else []
            if limit.text("LimitType").upper() == "TOYS":
                options += ["--toys", limit.text("SplusBToys") or "1000"]
            self._on_workspace("limit", options, "action l")
            if limit.true("SignalInjection"):
                value = limit.text("SignalInjectionValue") or "1"
                injected = ["--asimov", "--set", f"{self._poi}={value}"] if self._poi else ["--asimov"]
                self._on_workspace("limit", [*_no_fix(shared, self._poi), *injected], "SignalInjection")
            _read(limit, "SignalInjectionValue", "SplusBToys", "BonlyToys", "ToysSeed")
            _read(limit, "POIScanMin", "POIScanMax", "NScanPoints", "ScanMin", "ScanMax", "ScanSteps")

    def _significance(self, shared: list[str]) -> None:
        for block in self._analysis.of("Significance"):
            options = [*_no_fix(shared, self._poi), *self.blind(block, "SignificanceBlind", "1")]
            if block.text("SignificanceType").upper() == "TOYS":
                options += ["--toys", block.text("BonlyToys") or "1000"]
            poi = block.text("POI")
            options += ["--poi", poi] if poi and poi != self._poi else []
            self._on_workspace("significance", options, "action s")
            _read(block, "SplusBToys", "BonlyToys", "ToysSeed")

    def _labels(self) -> list[str]:
        """Return options with the energy and the luminosity that stand above figures."""
        found = []
        for key, option in (("CmeLabel", "--energy"), ("LumiLabel", "--luminosity")):
            label = self._analysis.job.text(key)
            found += [option, label] if label and label.casefold() != "none" else []
        return found

    def _rest(self) -> None:
        for key in self._fit.settings:
            if key.startswith(("Toys", "FitToys")):
                self._fit.get(key)
        blinded = "BlindingThreshold; " if any("S/B" in word for word in self._plots) else ""
        self._plots += ["--config", self._config, *self._labels(), *figure_titles(self._analysis, self._document)]
        self._on_workspace("data-mc", [*self._plots, "-o", "figures"], f"{blinded}action d")
        if any(command.line.startswith("wilks fit ") for command in self._found):
            self._on_workspace("data-mc", [*self._plots, "--fit", "fit.json", "-o", "figures"], f"{blinded}action p")


def _read(block: Block, *keys: str) -> None:
    for key in keys:
        block.get(key)


def _no_fix(options: list[str], poi: str) -> list[str]:
    """Return options without the one that fixes the parameter of interest, which is what is asked for."""
    if ["--fix", f"{poi}=0"] == options[:2]:
        return options[2:]
    return options
