"""Which elements and attributes there are, as ROOT's parser and its DTD know them, and what is wrong with others."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from wilks.errors import listed, nearest
from wilks.formats.xml_tree import Element

_HISTOGRAM = ("InputFile", "HistoPath", "HistoName")
_SIDES = tuple(f"Histo{what}{side}" for side in ("Low", "High") for what in ("Name", "Path", "File"))

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "Combination": ("OutputFilePrefix", "Mode"),
    "Input": (),
    "Function": ("Name", "Expression", "Dependents"),
    "Measurement": ("Name", "Lumi", "LumiRelErr", "BinLow", "BinHigh", "Mode", "ExportOnly"),
    "POI": (),
    "ParamSetting": ("Const", "Val"),
    "ConstraintTerm": ("Type", "RelativeUncertainty"),
    "Asimov": ("Name", "FixParams"),
    "Channel": ("Name", *_HISTOGRAM),
    "Data": ("Name", *_HISTOGRAM),
    "StatErrorConfig": ("RelErrorThreshold", "ConstraintType"),
    "Sample": ("Name", *_HISTOGRAM, "NormalizeByTheory"),
    "NormFactor": ("Name", "Val", "Low", "High", "Const"),
    "OverallSys": ("Name", "Low", "High"),
    "HistoSys": ("Name", *_SIDES),
    "HistoFactor": ("Name", *_SIDES, "InputFileLow", "InputFileHigh"),
    "ShapeSys": ("Name", *_HISTOGRAM, "ConstraintType"),
    "ShapeFactor": ("Name", *_HISTOGRAM, "Const"),
    "StatError": ("Activate", *_HISTOGRAM),
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "Function": ("Name", "Expression", "Dependents"),
    "Measurement": ("Name",),
    "ConstraintTerm": ("Type",),
    "Channel": ("Name",),
    "Data": ("HistoName",),
    "Sample": ("Name", "HistoName"),
    "NormFactor": ("Name", "Low", "High"),
    "OverallSys": ("Name",),
    "HistoSys": ("Name", "HistoNameLow", "HistoNameHigh"),
    "ShapeSys": ("Name", "HistoName"),
    "ShapeFactor": ("Name",),
}
CHILDREN: dict[str, tuple[str, ...]] = {
    "Combination": ("Function", "Input", "Measurement"),
    "Measurement": ("POI", "ParamSetting", "ConstraintTerm", "Asimov"),
    "Channel": ("Data", "StatErrorConfig", "Sample"),
    "Sample": ("NormFactor", "OverallSys", "HistoSys", "HistoFactor", "ShapeSys", "ShapeFactor", "StatError"),
}
TEXT = ("Input", "POI", "ParamSetting", "ConstraintTerm")
WORDS = {"True": True, "true": True, "False": False, "false": False}


@dataclass
class Checked:
    """One file while it is held against the grammar: its name, and what is wrong with it so far."""

    name: str
    problems: list[str] = field(default_factory=list)

    def at(self, element: Element) -> str:
        """Return file and line of an element."""
        return f"{self.name}:{element.line}"

    def wrong(self, element: Element, sentence: str) -> None:
        """Note a mistake at an element."""
        title = element.attributes.get("Name", "")
        named = f'<{element.tag} Name="{title}">' if title else f"<{element.tag}>"
        self.problems.append(f"{self.at(element)}: {named} {sentence}")

    def walk(self, element: Element) -> None:
        """Note every element and attribute that there can't be, and those that are missing, from here downwards."""
        allowed = ATTRIBUTES[element.tag]
        for attribute in element.attributes:
            if attribute not in allowed and element.tag != "StatErrorConfig":
                known = f"allowed are {listed(allowed)}" if allowed else "it has none"
                self.wrong(element, f'has no attribute "{attribute}"; {known}{nearest(attribute, allowed)}')
        for attribute in REQUIRED.get(element.tag, ()):
            if not element.attributes.get(attribute):
                how = "is empty" if attribute in element.attributes else "is missing"
                self.wrong(element, f'needs an attribute "{attribute}", which {how}')
        if element.text and element.tag not in TEXT:
            self.wrong(element, f'takes no text, found "{element.text[:40]}"')
        if element.tag in TEXT and not element.text:
            self.wrong(element, "is empty")
        self._walk_children(element)

    def _walk_children(self, element: Element) -> None:
        allowed = CHILDREN.get(element.tag, ())
        for child in element.children:
            if child.tag in allowed:
                self.walk(child)
            else:
                known = f"allowed are {listed(allowed)}" if allowed else "there can be none"
                hint = nearest(child.tag, allowed)
                self.problems.append(f"{self.at(child)}: no element <{child.tag}> in <{element.tag}>; {known}{hint}")

    def number(self, element: Element, attribute: str, default: float) -> float:
        """Return an attribute as a number, the default where it is absent or can't be one."""
        text = element.attributes.get(attribute)
        if text is None:
            return default
        try:
            value = float(text.replace("_", "x"))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.wrong(element, f'has {attribute}="{text}", a finite number needed')
            return default
        return value

    def boolean(self, element: Element, attribute: str, default: bool | None) -> bool | None:
        """Return an attribute as true or false, the default where it is absent or can't be one."""
        text = element.attributes.get(attribute)
        if text is None:
            return default
        if text not in WORDS:
            hint = nearest(text, ("True", "False"))
            self.wrong(element, f'has {attribute}="{text}"; allowed are {listed(WORDS)}{hint}')
            return default
        return WORDS[text]

    def choice(self, element: Element, attribute: str, choices: dict[str, str], default: str) -> str:
        """Return what one of some words stands for, the default where it is absent or can't be one."""
        text = element.attributes.get(attribute)
        if text is None:
            return default
        if text not in choices:
            self.wrong(element, f'has {attribute}="{text}"; allowed are {listed(choices)}{nearest(text, choices)}')
            return default
        return choices[text]

    def positive_range(self, element: Element, low: float, high: float, value: float) -> None:
        """Note a range that is none, or a start outside of it."""
        if low >= high:
            self.wrong(element, f"has the range Low={low:g} to High={high:g}; Low must be below High")
        elif not low <= value <= high:
            self.wrong(element, f"starts at Val={value:g}, outside of its range {low:g} to {high:g}")
