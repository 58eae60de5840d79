"""ROOT's side of `histfactory_root.py`: needs nothing but PyROOT.

Fills RooStats.HistFactory.Measurement from the XML that this package writes, and evaluates the model at points.json.
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import ROOT

HF = ROOT.RooStats.HistFactory


def sample(element: ET.Element, file: str) -> Any:
    """Return a sample of a channel."""
    made = HF.Sample(element.get("Name"), element.get("HistoName"), file, element.get("HistoPath"))
    for child in element:
        name, own = child.get("Name"), (child.get("HistoName"), file, child.get("HistoPath"))
        if child.tag == "NormFactor":
            made.AddNormFactor(name, *(float(child.get(key)) for key in ("Val", "Low", "High")))
        elif child.tag == "OverallSys":
            made.AddOverallSys(name, float(child.get("Low")), float(child.get("High")))
        elif child.tag == "HistoSys":
            low, high = ((child.get(f"HistoName{s}"), file, child.get(f"HistoPath{s}")) for s in ("Low", "High"))
            made.AddHistoSys(name, *low, *high)
        elif child.tag == "ShapeSys":
            made.AddShapeSys(name, getattr(HF.Constraint, child.get("ConstraintType")), *own)
        elif child.tag == "ShapeFactor":
            factor = HF.ShapeFactor()
            factor.SetName(name)
            if own[0]:
                factor.SetHistoName(own[0])
                factor.SetInputFile(own[1])
                factor.SetHistoPath(own[2])
            made.AddShapeFactor(factor)
        elif child.tag == "StatError":
            made.ActivateStatError()
    return made


def channel(path: Path) -> Any:
    """Return a channel."""
    root = ET.parse(path).getroot()
    made, file = HF.Channel(root.get("Name")), root.get("InputFile")
    data = root.find("Data")
    made.SetData(data.get("HistoName"), file, data.get("HistoPath"))
    config = root.find("StatErrorConfig")
    if config is not None:
        made.SetStatErrorConfig(float(config.get("RelErrorThreshold")), config.get("ConstraintType"))
    for element in root.findall("Sample"):
        made.AddSample(sample(element, file))
    return made


def measurement(root: ET.Element, folder: Path) -> Any:
    """Return the first measurement with all channels."""
    element = root.find("Measurement")
    made = HF.Measurement(element.get("Name"), element.get("Name"))
    made.SetOutputFilePrefix(str(folder / "results"))
    made.SetLumi(float(element.get("Lumi")))
    made.SetLumiRelErr(float(element.get("LumiRelErr")))
    for name in element.findtext("POI", "").split():
        made.AddPOI(name)
    for setting in element.findall("ParamSetting"):
        for name in setting.text.split():
            if setting.get("Const") == "True":
                made.AddConstantParam(name)
            if setting.get("Val"):
                made.SetParamValue(name, float(setting.get("Val")))
    for term in element.findall("ConstraintTerm"):
        for name in term.text.split():
            if term.get("Type") == "Uniform":
                made.AddUniformSyst(name)
            else:
                add = {"Gamma": made.AddGammaSyst, "LogNormal": made.AddLogNormSyst}[term.get("Type")]
                add(name, float(term.get("RelativeUncertainty")))
    for function in root.findall("Function"):
        made.AddPreprocessFunction(*(function.get(key) for key in ("Name", "Expression", "Dependents")))
    for one in root.findall("Input"):
        made.AddChannel(channel(folder / one.text))
    made.CollectHistograms()
    return made


def main() -> None:
    """Write answers.json beside the top file."""
    top = Path(sys.argv[1])
    workspace = HF.MakeModelAndMeasurementFast(measurement(ET.parse(top).getroot(), top.parent))
    config = workspace.obj("ModelConfig")
    for observable in config.GetGlobalObservables():  # ROOT normalises constraints over these ranges
        observable.setRange(-1e3, 1e6) if not observable.GetName().startswith("nom_gamma") else None
    data, pdf = workspace.data("obsData"), config.GetPdf()
    nll = pdf.createNLL(data, ROOT.RooFit.GlobalObservables(config.GetGlobalObservables()), ROOT.RooFit.Offset(False))
    answers: list[dict[str, Any]] = []
    for point in json.loads((top.parent / "points.json").read_text()):
        for name, value in point.items():
            variable = workspace.var(name)
            if variable:
                variable.setRange(min(variable.getMin(), value - 1), max(variable.getMax(), value + 1))
                variable.setVal(value)
        expected = {}
        for state in pdf.indexCat():
            x = workspace.var(f"obs_x_{state.first}")
            density, binning = workspace.function(f"{state.first}_model"), x.getBinning()
            counts = []
            for b in range(binning.numBins()):
                x.setVal(binning.binCenter(b))
                counts.append(density.getVal() * binning.binWidth(b))
            expected[str(state.first)] = counts
        answers.append({"expected": expected, "twice_nll_minus_first": 2 * nll.getVal()})
    first = answers[0]["twice_nll_minus_first"]
    for answer in answers:
        answer["twice_nll_minus_first"] -= first
    (top.parent / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
