"""Build the documentation site.

    python docs/site/build.py [FOLDER]

FOLDER (default: build/docs) gets source/, the pages as Sphinx reads them, and html/, the site. The pages are those of
docs/, with the links that lead out of it followed; beside them stand what is made here: the reference of the Python
names, the gallery and the notebooks. Warnings are errors; links between pages are checked by Sphinx, those between
finished pages, and to their parts, here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import api
import gallery
import notebooks

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
# Pages from elsewhere in the repository, and where they stand on the site.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "about.md",
    "benchmarks/README.md": "benchmarks.md",
    "examples/ttbar/README.md": "examples/ttbar.md",
    "examples/search/README.md": "examples/search.md",
}
# Pages that docs/README.md does not list, by its headings.
MADE = {
    "Learn": ["gallery/index"],
    "Look up": ["reference/api/index", "changelog"],
    "Understand": ["Overview <about>", "benchmarks", "contributing"],
}
# Reports that are made with the site, and where its page on reports leads to them.
SAMPLES = (
    'Open one: <a href="../samples/measurement.html">a measurement</a>, <a href="../samples/search.html">a search</a>.'
)
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")


def place(path: Path) -> Path:
    """Return where a file of the repository stands on the site, both relative to their roots."""
    name = path.as_posix()
    if name == "docs/README.md":
        return Path("index.md")
    if name in ELSEWHERE:
        return Path(ELSEWHERE[name])
    return path.relative_to("docs") if path.is_relative_to("docs") else Path("files") / path


def followed(text: str, page: Path, source: Path) -> str:
    """Return a page with its links leading to where their targets stand on the site.

    `page` is relative to the root of the repository. Files that are no pages are copied beside them.
    """

    def link(match: re.Match[str]) -> str:
        target = match[2]
        if "://" in target:
            return match[0]
        found = Path(os.path.normpath(page.parent / target))
        to = place(found)
        to = to.with_suffix(".ipynb") if notebooks.is_tutorial(to) else to
        if to.parts[0] == "files":
            (source / to).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / found, source / to)
        return f"{match[1]}{os.path.relpath(to, place(page).parent)}{match[3] or ''}{match[4]}"

    parts, end = [], 0
    text = re.sub(r"^```math$", "```{math}", text, flags=re.MULTILINE)
    for block in _BLOCK.finditer(text):  # code keeps what looks like a link
        parts += [_LINK.sub(link, text[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*parts, _LINK.sub(link, text[end:])])


def sections(index: str) -> list[tuple[str, list[str]]]:
    """Return the headings of docs/README.md, each with the pages below it."""
    pieces = re.split(r"^\*\*(.+?)\*\*", index, flags=re.MULTILINE)[1:]
    pairs = zip(pieces[::2], pieces[1::2], strict=True)
    return [(name, re.findall(r"\]\(([^)#]+)\.md\)", text)) for name, text in pairs]


def front_page(index: str, about: str) -> str:
    """Return the first page: what wilks is, the ways in, and the tables of contents."""
    what = re.search(r"^# wilks\n(.*?)^## Start", about, re.MULTILINE | re.DOTALL)
    assert what is not None
    template = (HERE / "front.md.in").read_text(encoding="utf-8")
    trees = []
    for name, pages in sections(index):
        listed = [*pages, *MADE.get(name, [])]
        trees.append("\n".join([":::{toctree}", ":hidden:", f":caption: {name}", "", *listed, ":::"]))
    short, _, more = what[1].strip().partition("\n\n")
    return template.replace("@WHAT@", short).replace("@MORE@", more).replace("@TREES@", "\n\n".join(trees))


def lay_out(source: Path) -> None:
    """Write all pages to `source`."""
    pages = [path.relative_to(ROOT) for path in sorted((ROOT / "docs").rglob("*.md"))]
    pages += [Path(name) for name in ELSEWHERE]
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        target = source / place(page)
        target.parent.mkdir(parents=True, exist_ok=True)
        if page == Path("docs/README.md"):
            text = front_page(text, (ROOT / "README.md").read_text(encoding="utf-8"))
            about = followed(text, Path("README.md"), source)
            target.write_text(about, encoding="utf-8")
            continue
        if page == Path("docs/how-to/report.md"):
            text = text.replace("\n## Make one\n", f"\n{SAMPLES}\n\n## Make one\n")
        alone = "---\norphan: true\n---\n\n" if "examples" in page.parts else ""
        target.write_text(alone + followed(text, page, source), encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "images", source / "images", dirs_exist_ok=True)
    shutil.copytree(HERE / "_static", source / "_static", dirs_exist_ok=True)
    shutil.copy(HERE / "conf.py", source)


def write_samples(folder: Path) -> None:
    """Write the reports of the packaged models to `folder`."""
    import wilks

    folder.mkdir(parents=True)
    for name in ("measurement", "search"):
        workspace = getattr(wilks.examples, name)()
        model = wilks.compile_model(workspace)
        fit = wilks.fit(model)
        asked = [wilks.ranking, wilks.breakdown, wilks.goodness_of_fit, wilks.scan]
        asked += [wilks.limit, wilks.significance] if name == "search" else []
        wilks.report(workspace, fit, *(ask(model, result=fit) for ask in asked)).save(folder / f"{name}.html")


class _Page(HTMLParser):
    """The anchors and the links of a finished page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {found[name] or "" for name in ("id", "name") if name in found}
        self.links += [found[name] or "" for name in ("href", "src") if name in found]


def broken_links(html: Path) -> list[str]:
    """Return every link of the finished pages that leads to no page, or to no part of one."""
    pages = {}
    for path in html.rglob("*.html"):
        if path.parent.name == "samples":  # their links are made when they are opened
            continue
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    found = []
    for path, page in pages.items():
        for link in page.links:
            target, _, anchor = unquote(link).partition("#")
            if re.match(r"[a-z]+:|//", target):
                continue
            to = Path(os.path.normpath(path.parent / target.partition("?")[0])) if target else path
            to = to / "index.html" if to.is_dir() else to
            if not to.is_file() or (anchor and to in pages and anchor not in pages[to].anchors):
                found.append(f"{path.relative_to(html)}: {link}")
    return sorted(set(found))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "docs").resolve()
    source, html = folder / "source", folder / "html"
    for old in (source, html):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    lay_out(source)
    api.write(source / "reference" / "api")
    gallery.write(source / "gallery")
    notebooks.write(source)
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    subprocess.run([*command, "--doctree-dir", folder / "doctrees", source, html], check=True)
    write_samples(html / "samples")
    if broken := broken_links(html):
        raise SystemExit("\n".join(["links that lead nowhere:", *broken]))
    print(f"the site is {html / 'index.html'}")


if __name__ == "__main__":
    main()
