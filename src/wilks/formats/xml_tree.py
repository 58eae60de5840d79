"""XML as elements that know their line; entities are refused and nothing outside of the text is ever looked up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from wilks.errors import WorkspaceError

_LARGEST = 1 << 26  # bytes: descriptions of models are far smaller
_DEEPEST = 64
_LINE_ENDS = frozenset(b"\r\n")


@dataclass(eq=False)
class Element:
    """An element: its tag, attributes in their order, children, the text inside, and the line where it begins."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[Element]:
        """Return the children of a tag."""
        return [child for child in self.children if child.tag == tag]


def parse_xml(content: bytes, name: str) -> Element:
    """Return the root of an XML text; `name` is what mistakes call it.

    A DOCTYPE is read over, without looking at the file that it names; one with declarations inside is refused, and so
    is every entity but the five of XML. Raises WorkspaceError.
    """
    if len(content) > _LARGEST:
        raise WorkspaceError(f"{name}: {len(content) >> 20} MB, far too large for a description of a model")
    if b"\0" in content[:4]:
        raise WorkspaceError(f"{name}: is not UTF-8 text (two bytes for each character, it seems); save it as UTF-8")
    return _Tree(name).of(_without_doctype(content, name))


def is_xml(content: bytes) -> bool:
    """Return whether bytes begin as XML does."""
    start = content[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith(b"<")


def root_tag(content: bytes) -> str:
    """Return the tag of the first element of an XML text, empty where there is none or it can't be read that far."""
    found: list[str] = []
    parser = expat.ParserCreate()

    def start(tag: str, _: Any) -> None:
        found.append(tag)
        raise _FoundError

    parser.StartElementHandler = start
    parser.EntityDeclHandler = lambda *_: _stop()
    with suppress(expat.ExpatError, _FoundError, ValueError, LookupError):
        parser.Parse(content[: 1 << 16], False)
    return found[0] if found else ""


class _FoundError(Exception):
    """What was looked for is there."""


def _stop() -> None:
    raise _FoundError


def _without_doctype(content: bytes, name: str) -> bytes:
    """Return the text with blanks for its DOCTYPE: with one, unknown entities would be dropped without a word."""
    ends: list[int] = []
    parser = expat.ParserCreate()

    def start(tag: str, system: str | None, public: str | None, inside: int) -> None:
        if inside:
            raise WorkspaceError(
                f"{name}:{parser.CurrentLineNumber}: the DOCTYPE declares things of its own (between [ and ]); "
                "entities and other declarations are not read, remove them"
            )

    def end() -> None:
        ends.append(parser.CurrentByteIndex)
        raise _FoundError

    parser.StartDoctypeDeclHandler = start
    parser.EndDoctypeDeclHandler = end
    parser.StartElementHandler = lambda *_: _stop()
    try:
        parser.Parse(content, True)
    except _FoundError:
        pass
    except (expat.ExpatError, ValueError, LookupError):
        return content  # what is wrong is said when it is read as a whole
    if not ends:
        return content
    begin, end_ = content.rindex(b"<!DOCTYPE", 0, ends[0] + 1), ends[0] + 1
    blank = bytes(byte if byte in _LINE_ENDS else 0x20 for byte in content[begin:end_])
    return content[:begin] + blank + content[end_:]


class _Tree:
    """Elements while they are read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Element | None = None
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = lambda text: self.texts[-1].append(text)
        self.parser.EntityDeclHandler = lambda *_: self._refuse("declares an entity; entities are not read")

    def of(self, content: bytes) -> Element:
        try:
            self.parser.Parse(content, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise WorkspaceError(f"{self.name}:{error.lineno}: not well-formed XML ({reason})") from None
        except (ValueError, LookupError) as error:
            raise WorkspaceError(f"{self.name}: its encoding can't be read ({error})") from None
        if self.root is None:
            raise WorkspaceError(f"{self.name}: no XML element in it")
        return self.root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        if len(self.open) >= _DEEPEST:
            self._refuse("elements are nested too deeply")
        self.open.append(element)
        self.texts.append([])

    def _end(self, _: str) -> None:
        self.open.pop().text = "".join(self.texts.pop()).strip()

    def _refuse(self, reason: str) -> None:
        raise WorkspaceError(f"{self.name}:{self.parser.CurrentLineNumber}: {reason}")
