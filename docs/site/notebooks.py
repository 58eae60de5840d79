"""Tutorials as notebooks: their Python is run, and what it gives stands below each cell; each can be downloaded."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PYTHON = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
# What a page shows of its own output is shown by the cells instead.
_OUTPUT = re.compile(r"^```python\n.*?^```\n(?P<output>\n```text\n.*?^```\n)", re.MULTILINE | re.DOTALL)


def is_tutorial(page: Path) -> bool:
    """Return whether a page of the site becomes a notebook."""
    return page.parent == Path() and page.stem.startswith("tutorial")


def notebook(text: str, name: str) -> Any:
    """Return a page as a notebook: Python blocks are cells."""
    import nbformat

    while match := _OUTPUT.search(text):
        text = text[: match.start("output")] + text[match.end("output") :]
    head, _, rest = text.partition("\n\n")
    text = f"{head}\n\n{{download}}`This page as a notebook <{name}.ipynb>`\n\n{rest}"
    pieces = _PYTHON.split(text)
    cells = []
    for i, piece in enumerate(pieces):
        content = piece.strip("\n")
        if content:
            cells.append(nbformat.v4.new_code_cell(content) if i % 2 else nbformat.v4.new_markdown_cell(content))
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def write(source: Path) -> None:
    """Replace the tutorials in `source` by notebooks that have been run."""
    import nbformat
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copytree(ROOT / "examples", here / "examples", ignore=shutil.ignore_patterns("wilks-output"))
        if not (here / "examples" / "ttbar" / "input" / "histograms.root").exists():
            subprocess.run([sys.executable, here / "examples" / "ttbar" / "generate.py"], check=True)
        for page in [path for path in sorted(source.glob("*.md")) if is_tutorial(path.relative_to(source))]:
            made = notebook(page.read_text(encoding="utf-8"), page.stem)
            NotebookClient(made, timeout=300, resources={"metadata": {"path": folder}}).execute()
            nbformat.write(made, page.with_suffix(".ipynb"))
            page.unlink()
