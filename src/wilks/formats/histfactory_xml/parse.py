"""From XML elements to records: defaults and inheritance as in ROOT's parser."""

from __future__ import annotations

import re

from wilks.errors import listed
from wilks.formats.histfactory_xml.grammar import Checked
from wilks.formats.histfactory_xml.records import (
    Channel,
    Combination,
    Constraint,
    ConstraintTerm,
    Data,
    Function,
    HistoFactor,
    HistogramName,
    HistoSys,
    Measurement,
    NormFactor,
    OverallSys,
    ParamSetting,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.formats.xml_tree import Element

CONSTRAINTS = {"Gaussian": "normal", "Gauss": "normal", "Poisson": "poisson", "Pois": "poisson"}
TERMS = {
    "Gamma": "Gamma",
    "LogNormal": "LogNormal",
    "Uniform": "Uniform",
    "NoConstraint": "NoConstraint",
    "NoSyst": "NoConstraint",  # what ROOT itself writes
}
_RANGE = re.compile(r"(?P<name>[^\[\],]+)(?:\[(?P<numbers>[^\]]*)\])?\s*(?:,|$)")
_NAMES = re.compile(r"\s+")


def combination(root: Element, file: Checked) -> Combination:
    """Return what a top file says; notes what is wrong with it."""
    file.walk(root)
    inputs = tuple((child.text, file.at(child)) for child in root.all("Input") if child.text)
    measurements = tuple(_measurement(child, file) for child in root.all("Measurement"))
    functions = tuple(_function(child, file) for child in root.all("Function"))
    if not root.all("Input"):
        file.wrong(root, "has no <Input>: a model needs at least one channel file")
    if not measurements:
        file.wrong(root, "has no <Measurement>")
    for kind, names in (("measurements", [m.name for m in measurements]), ("functions", [f.name for f in functions])):
        if repeated := sorted({name for name in names if name and names.count(name) > 1}):
            file.wrong(root, f"has several {kind} of one name: {listed(repeated)}")
    return Combination(inputs, functions, measurements)


def _measurement(element: Element, file: Checked) -> Measurement:
    lumi = file.number(element, "Lumi", 1.0)
    error = file.number(element, "LumiRelErr", 0.1)
    if lumi <= 0:
        file.wrong(element, f"has Lumi={lumi:g}, a number above 0 needed")
    if error < 0:
        file.wrong(element, f"has LumiRelErr={error:g}, a number not below 0 needed")
    file.boolean(element, "ExportOnly", False)
    pois = tuple(name for child in element.all("POI") for name in _names(child.text))
    return Measurement(
        element.attributes.get("Name", ""),
        lumi,
        error,
        tuple(dict.fromkeys(pois)),
        tuple(_setting(child, file) for child in element.all("ParamSetting")),
        tuple(_term(child, file) for child in element.all("ConstraintTerm")),
        tuple(child.attributes.get("Name", "") for child in element.all("Asimov")),
        tuple(key for key in ("BinLow", "BinHigh", "Mode") if key in element.attributes),
        file.at(element),
    )


def _setting(element: Element, file: Checked) -> ParamSetting:
    value = file.number(element, "Val", 0.0) if "Val" in element.attributes else None
    const = element.attributes.get("Const") == "True"
    return ParamSetting(_names(element.text), const, value, file.at(element))


def _term(element: Element, file: Checked) -> ConstraintTerm:
    if element.attributes.get("Type") in ("Gaussian", "Gauss"):
        file.wrong(element, 'has Type="Gaussian", which is the default: leave the element out')
        return ConstraintTerm("", 0.0, (), file.at(element))
    kind = file.choice(element, "Type", TERMS, "")
    relative = file.number(element, "RelativeUncertainty", 0.0)
    if relative < 0:
        file.wrong(element, f"has RelativeUncertainty={relative:g}, a number above 0 needed")
    return ConstraintTerm(kind, relative, _names(element.text), file.at(element))


def _function(element: Element, file: Checked) -> Function:
    text = element.attributes.get("Dependents", "").strip()
    dependents: list[tuple[str, tuple[float, float, float] | None]] = []
    place = 0
    while place < len(text):
        match = _RANGE.match(text, place)
        if match is None:
            file.wrong(element, f'has Dependents="{text}"; names separated by commas needed, each perhaps with [..]')
            break
        place = match.end()
        declared = _declared(match["numbers"]) if match["numbers"] is not None else None
        if match["numbers"] is not None and declared is None:
            name = match["name"].strip()
            file.wrong(element, f"declares {name}[{match['numbers']}]; [start, low, high] or [low, high] needed")
        dependents.append((match["name"].strip(), declared))
    attributes = element.attributes
    return Function(
        attributes.get("Name", "").strip(), attributes.get("Expression", ""), tuple(dependents), file.at(element)
    )


def _declared(text: str) -> tuple[float, float, float] | None:
    """Return start, low and high of a range as RooFit reads it; None where there is none."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(numbers) == 1:
        return numbers[0], numbers[0], numbers[0]
    if len(numbers) == 2:
        numbers.insert(0, 0.5 * (numbers[0] + numbers[1]))
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 and numbers[1] <= numbers[2] else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in _NAMES.split(text) if name)


def channel(root: Element, file: Checked) -> Channel:
    """Return what a channel file says; notes what is wrong with it."""
    file.walk(root)
    inherited = root.attributes.get("InputFile", ""), root.attributes.get("HistoPath", "")
    data = tuple(_data(child, file, inherited) for child in root.all("Data"))
    if data and data[0].name:
        file.wrong(root.all("Data")[0], "comes first and must not have a Name: only further data sets have one")
    for element, further in zip(root.all("Data")[1:], data[1:], strict=True):
        if not further.name:
            file.wrong(element, "is a further data set and needs a Name")
    if repeated := sorted({d.name for d in data[1:] if [e.name for e in data].count(d.name) > 1}):
        file.wrong(root, f"has several data sets of one name: {listed(repeated)}")
    constraint, threshold = "poisson", 0.05
    for element in root.all("StatErrorConfig"):
        constraint = file.choice(element, "ConstraintType", CONSTRAINTS, "poisson")
        threshold = file.number(element, "RelErrorThreshold", 0.05)
        if threshold < 0:
            file.wrong(element, f"has RelErrorThreshold={threshold:g}, a number not below 0 needed")
    samples = tuple(_sample(child, file, inherited) for child in root.all("Sample"))
    if not samples:
        file.wrong(root, "has no <Sample>")
    names = [sample.name for sample in samples]
    if repeated := sorted({name for name in names if name and names.count(name) > 1}):
        file.wrong(root, f"has several samples of one name: {listed(repeated)}")
    return Channel(
        root.attributes.get("Name", ""), data, _kind(constraint), max(threshold, 0.0), samples, file.at(root)
    )


def _kind(text: str) -> Constraint:
    return "normal" if text == "normal" else "poisson"


def _histogram(
    element: Element, file: Checked, inherited: tuple[str, str], keys: tuple[str, str, str]
) -> HistogramName:
    """Return the histogram that three attributes name: file, folder, name; what is absent is inherited."""
    input_file = element.attributes.get(keys[0]) or inherited[0]
    path = element.attributes.get(keys[1], inherited[1])
    name = element.attributes.get(keys[2], "")
    if not input_file and name:
        file.wrong(element, f'needs an attribute "{keys[0]}": neither it nor what it stands in names a ROOT file')
    return HistogramName(input_file, path, name, file.at(element))


_PLAIN = ("InputFile", "HistoPath", "HistoName")


def _data(element: Element, file: Checked, inherited: tuple[str, str]) -> Data:
    return Data(element.attributes.get("Name", ""), _histogram(element, file, inherited, _PLAIN), file.at(element))


def _sample(element: Element, file: Checked, inherited: tuple[str, str]) -> Sample:
    histogram = _histogram(element, file, inherited, _PLAIN)
    own = histogram.file, histogram.path
    found = [_modifier(child, file, own) for child in element.children]
    modifiers = [modifier for modifier in found if modifier is not None]
    statistical = [modifier for modifier in modifiers if isinstance(modifier, StatError)]
    modifiers = [m for m in modifiers if not isinstance(m, StatError) or m is statistical[-1]]
    for kind in (OverallSys, HistoSys, ShapeSys, ShapeFactor):
        names = [m.name for m in modifiers if isinstance(m, kind)]
        if repeated := sorted({name for name in names if name and names.count(name) > 1}):
            file.wrong(element, f"has several {kind.__name__} of one name: {listed(repeated)}")
    by_theory = file.boolean(element, "NormalizeByTheory", None)
    return Sample(element.attributes.get("Name", ""), histogram, by_theory, tuple(modifiers), file.at(element))


def _modifier(
    element: Element, file: Checked, own: tuple[str, str]
) -> NormFactor | OverallSys | HistoSys | ShapeSys | ShapeFactor | HistoFactor | StatError | None:
    name, where = element.attributes.get("Name", ""), file.at(element)
    match element.tag:
        case "NormFactor":
            value, low, high = (file.number(element, key, 1.0) for key in ("Val", "Low", "High"))
            if element.attributes.get("Low") and element.attributes.get("High"):
                file.positive_range(element, low, high, value)
            return NormFactor(name, value, low, high, bool(file.boolean(element, "Const", False)), where)
        case "OverallSys":
            low, high = (file.number(element, key, 0.0) for key in ("Low", "High"))
            if low < 0 or high < 0:
                file.wrong(element, f"has Low={low:g}, High={high:g}; factors can't be negative")
            return OverallSys(name, low, high, where)
        case "HistoSys":
            sides = [
                _histogram(element, file, own, (f"HistoFile{side}", f"HistoPath{side}", f"HistoName{side}"))
                for side in ("Low", "High")
            ]
            return HistoSys(name, sides[0], sides[1], where)
        case "HistoFactor":
            return HistoFactor(name, where)
        case "ShapeSys":
            kind = _kind(file.choice(element, "ConstraintType", CONSTRAINTS, "normal"))
            return ShapeSys(name, _histogram(element, file, own, _PLAIN), kind, where)
        case "ShapeFactor":
            shape = _histogram(element, file, own, _PLAIN) if element.attributes.get("HistoName") else None
            return ShapeFactor(name, shape, bool(file.boolean(element, "Const", False)), where)
        case "StatError":
            if not file.boolean(element, "Activate", False):
                return None
            named = bool(element.attributes.get("HistoName"))
            own = own[0], element.attributes.get("HistoPath") or own[1]
            keys = ("InputFile", "-", "HistoName")  # an empty path is absent here, and here only
            return StatError(_histogram(element, file, own, keys) if named else None, where)
    return None
