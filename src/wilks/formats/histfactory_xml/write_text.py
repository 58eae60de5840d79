"""XML as text: elements without white space inside those that must be empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from wilks.formats.histfactory_xml.dtd import FILE


@dataclass
class Tag:
    """An element to be written."""

    name: str
    attributes: Mapping[str, str | float] = field(default_factory=dict)
    children: Sequence[Tag] = ()
    text: str = ""

    def lines(self, indent: str = "") -> list[str]:
        """Return the element as lines."""
        start = "".join(f" {key}={quoteattr(_written(value))}" for key, value in self.attributes.items())
        if self.children:
            inside = [line for child in self.children for line in child.lines(indent + "  ")]
            return [f"{indent}<{self.name}{start}>", *inside, f"{indent}</{self.name}>"]
        if self.text:
            return [f"{indent}<{self.name}{start}>{escape(self.text)}</{self.name}>"]
        return [f"{indent}<{self.name}{start}/>"]


def document_text(root: Tag) -> bytes:
    """Return a file with its DOCTYPE."""
    return "\n".join([f"<!DOCTYPE {root.name} SYSTEM '{FILE}'>", *root.lines(), ""]).encode()


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else repr(float(value))
