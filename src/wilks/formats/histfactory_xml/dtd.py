"""The declarations that DOCTYPE lines name: what ROOT's parser of XML may want to hold a file against."""

from __future__ import annotations

from wilks.formats.histfactory_xml.grammar import ATTRIBUTES, CHILDREN, REQUIRED, TEXT

FILE = "HistFactorySchema.dtd"
_ORDER = {
    "Combination": "(Function*, Input+, Measurement*)",
    "Measurement": "(POI*, ParamSetting*, ConstraintTerm*, Asimov*)",
    "Channel": "(Data*, StatErrorConfig?, Sample+)",
}


def declarations() -> str:
    """Return the DTD of all elements.

    >>> declarations().splitlines()[0]
    '<!ELEMENT Combination (Function*, Input+, Measurement*)>'
    """
    lines = []
    for tag, attributes in ATTRIBUTES.items():
        inside = "(#PCDATA)" if tag in TEXT else "EMPTY"
        if tag in CHILDREN:
            inside = _ORDER.get(tag, f"({' | '.join(CHILDREN[tag])})*")
        lines.append(f"<!ELEMENT {tag} {inside}>")
        for attribute in attributes:
            needed = "#REQUIRED" if attribute in REQUIRED.get(tag, ()) else "#IMPLIED"
            lines.append(f"<!ATTLIST {tag} {attribute} CDATA {needed}>")
    return "\n".join(lines) + "\n"
