"""How the site is put together, as far as that needs no Sphinx: links are followed, nothing public is left out."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import wilks
from wilks.results.io import KINDS

ROOT = Path(__file__).parents[2]
MODULES = ("build", "api", "gallery", "notebooks")


@pytest.fixture(scope="module")
def site() -> Iterator[dict[str, ModuleType]]:
    folder = str(ROOT / "docs" / "site")
    sys.path.insert(0, folder)
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(folder)
        for name in MODULES:
            sys.modules.pop(name, None)


def test_links_are_followed_to_where_pages_stand(site: dict[str, ModuleType], tmp_path: Path) -> None:
    follow = site["build"].followed
    text = "[a](../../examples/search/README.md) [b](signal-grids.md#figures) [c](../tutorial.md) `[d](e.md)`"
    page = Path("docs/how-to/figures.md")
    assert follow(text.partition("`")[0], page, tmp_path) == (
        "[a](../examples/search.md) [b](signal-grids.md#figures) [c](../tutorial.ipynb) "
    )
    assert follow("```text\n[d](e.md)\n```", page, tmp_path) == "```text\n[d](e.md)\n```"
    script = follow("[x](../../examples/search/analysis.py)", page, tmp_path)
    assert script == "[x](../files/examples/search/analysis.py)"
    assert (tmp_path / "files" / "examples" / "search" / "analysis.py").is_file()


def test_every_page_is_laid_out_and_in_a_table_of_contents(site: dict[str, ModuleType], tmp_path: Path) -> None:
    site["build"].lay_out(tmp_path)
    pages = {path.relative_to(tmp_path).with_suffix("").as_posix() for path in tmp_path.rglob("*.md")}
    pages = {page for page in pages if not page.startswith(("files/", "examples/"))} - {"index"}
    index = (tmp_path / "index.md").read_text(encoding="utf-8")
    trees = re.findall(r"^:::\{toctree\}\n(.*?)^:::$", index, re.MULTILINE | re.DOTALL)
    lines = {line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")}
    listed = {re.sub(r"^.* <(.*)>$", r"\1", line) for line in lines}
    assert listed - pages == {"gallery/index", "reference/api/index"}
    assert pages - listed == set()


def test_a_link_that_leads_nowhere_is_found(site: dict[str, ModuleType], tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<h1 id="top">x</h1><a href="b.html#there">b</a><a href="#top">a</a>')
    (tmp_path / "b.html").write_text('<p id="there"></p><a href="a.html#gone">a</a><a href="c.html">c</a>')
    assert site["build"].broken_links(tmp_path) == ["b.html: a.html#gone", "b.html: c.html"]


def test_everything_public_has_an_entry(site: dict[str, ModuleType], tmp_path: Path) -> None:
    found = [part for _, part in site["api"].public()]
    callables = [getattr(wilks, name) for name in wilks.__all__ if callable(getattr(wilks, name))]
    records = [
        getattr(importlib.import_module(path.rpartition(".")[0]), path.rpartition(".")[2]) for path in KINDS.values()
    ]
    assert [part for part in (*callables, *records) if part not in found] == []
    site["api"].write(tmp_path / "api")
    text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "api").glob("*.md"))
    entries = re.findall(r"^\.\. auto(?:function|class):: (\S+)$", text, re.MULTILINE)
    assert len(entries) == len(set(entries)) == len({id(part) for part in found})


def test_every_figure_is_in_the_gallery_in_every_style(site: dict[str, ModuleType]) -> None:
    gallery = site["gallery"]
    drawn = {name for name in wilks.figures.__all__ if inspect.isfunction(getattr(wilks.figures, name))} - {"save"}
    assert drawn <= set(gallery.functions())
    for name in drawn - set(gallery.HELPERS):
        code = gallery.code_of(getattr(wilks.figures, name))
        assert gallery.styled(code, None) == code
        *before, last = ast.parse(gallery.styled(code, 'style="CMS"')).body
        assert [ast.unparse(line) for line in before] == [ast.unparse(line) for line in ast.parse(code).body[:-1]]
        assert isinstance(last, ast.Assign)
        assert ast.unparse(last).endswith("style='CMS')")
        assert ast.unparse(last.value).startswith(f"wilks.figures.{name}(")
