"""The gallery: every figure in every style, drawn by the example in its docstring, with the code beside it."""

from __future__ import annotations

import ast
import doctest
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wilks

STYLES = {"Plain": None, "ATLAS": 'style="ATLAS"', "CMS": 'style="CMS"'}
# What draws no figure of its own, but changes or chooses one: shown once.
HELPERS = ("FigureStyle", "draw", "titled")


def functions() -> dict[str, Callable[..., Any]]:
    """Return the functions that draw: those of `wilks.figures` whose example makes a figure."""
    every = {name: getattr(wilks.figures, name) for name in wilks.figures.__all__}
    return {name: found for name, found in every.items() if "figure = wilks.figures." in (found.__doc__ or "")}


def code_of(found: Callable[..., Any]) -> str:
    """Return the example in a docstring as code."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(found) or "")
    return "".join(example.source for example in examples)


def styled(code: str, style: str | None) -> str:
    """Return code whose last call, which draws, has a style."""
    call = ast.parse(code).body[-1]
    assert isinstance(call, ast.Assign)
    assert isinstance(call.value, ast.Call)
    return code if style is None else f"{code.rstrip().removesuffix(')')}, {style})\n"


def write(folder: Path) -> None:
    """Draw all figures into `folder`, and write a page for each and one that shows all."""
    folder.mkdir(parents=True)
    cards, names = [], []
    for name, found in functions().items():
        code = code_of(found)
        tabs: list[str] = []
        *before, _ = ast.parse(code).body
        space: dict[str, Any] = {}
        exec(compile(ast.Module(before, []), name, "exec"), space)  # once for all styles
        for label, style in {"Example": None}.items() if name in HELPERS else STYLES.items():
            text = styled(code, style)
            exec(compile(ast.Module(ast.parse(text).body[-1:], []), name, "exec"), space)
            image = f"{name}_{label.lower()}.png"
            space["figure"].savefig(folder / image, dpi=90)
            tabs += [f":::{{tab-item}} {label}", f"![{name}, {label}]({image})", "", "```python", text.rstrip(), "```"]
            tabs += [":::", ""]
        first = (inspect.getdoc(found) or "").partition("\n")[0]
        page = [f"# {name}", "", first, "", "::::{tab-set}", *tabs, "::::", ""]
        page += [f"All arguments: {{py:obj}}`wilks.figures.{name}`.", ""]
        (folder / f"{name}.md").write_text("\n".join(page), encoding="utf-8")
        label = "example" if name in HELPERS else "plain"
        cards += [f":::{{grid-item-card}} {name}", f":img-top: {name}_{label}.png", f":link: {name}", ":link-type: doc"]
        cards += [":::", ""]
        names.append(name)
    index = ["# Gallery", "", "Every figure, drawn when this page was made, on the models of `wilks.examples`."]
    index += ["Each opens with the code that draws it, plain and in the styles of ATLAS and CMS.", ""]
    index += ["::::{grid} 2 2 3 3", ":gutter: 2", "", *cards, "::::", ""]
    index += [":::{toctree}", ":hidden:", "", *names, ":::", ""]
    (folder / "index.md").write_text("\n".join(index), encoding="utf-8")
