"""The documentation says what is so: its code runs, its links lead somewhere, its lists are complete."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

import wilks
from wilks.checks import check
from wilks.checks.thresholds import Thresholds
from wilks.cli import main
from wilks.config.keys_by_input import as_markdown
from wilks.config.load import config_json_schema
from wilks.errors import ConfigError, ModelError, WorkspaceError
from wilks.fitting.problem import FitOptions
from wilks.results.conditions import RULES as CONDITIONS
from wilks.results.io import KINDS
from wilks.trexfitter.importing import import_trex

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ttbar"
SEARCH = ROOT / "examples" / "search"
REFERENCE = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Pages that start from nothing but the example's input, and pages that also start from its workspace and fit.
FROM_INPUT = ["README.md", "docs/tutorial.md"]
WITH_OUTPUT = [
    "docs/how-to/limits-and-significance.md",
    "docs/how-to/signal-grids.md",
    "docs/how-to/simplified-likelihoods.md",
]
WITH_EXTRAS = ("jax.md", "posterior-sampling.md")  # their Python is run in tests/extras
FROM_PRODUCTS = [
    str(path.relative_to(ROOT))
    for path in sorted((ROOT / "docs" / "how-to").glob("*.md"))
    if path.name not in WITH_EXTRAS
]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_YET = re.compile(r"\bnot (there|read|written|known|possible) yet\b|n't (be )?\w+ yet\b", re.IGNORECASE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks in a language, each below as many empty lines as the page has above it."""
    text = page.read_text(encoding="utf-8")
    return ["\n" * text.count("\n", 0, m.start(2)) + m[2] for m in _BLOCK.finditer(text) if m[1] == language]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example and its input, where `make demo` would have put it; and with the search."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(SEARCH, folder / "examples" / "search", ignore=shutil.ignore_patterns("input", "wilks-output"))
    target = folder / "examples" / "ttbar"
    target.mkdir(parents=True)
    for name in ("config.yml", "config_ntuples.yml"):
        shutil.copy(EXAMPLE / name, target)
    sys.path.insert(0, str(EXAMPLE))
    try:
        importlib.import_module("generate").generate(target, seed=1)
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in ("simulation", "generate"):
            sys.modules.pop(name, None)
    return folder


@pytest.fixture(scope="module")
def products(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example's workspace and fit."""
    folder = tmp_path_factory.mktemp("products")
    config = wilks.load_config(example / "examples" / "ttbar" / "config.yml")
    workspace = wilks.build_workspace(wilks.build_templates(config), config)
    workspace.save(folder / "workspace.json")
    wilks.fit(wilks.compile_model(workspace)).save(folder / "fit.json")
    return folder


@pytest.fixture
def here(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, fresh for each page, with the example in it."""
    (tmp_path / "examples").symlink_to(example / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What a reader of "Two lines to try it" has.
SCRIPT = """
import sys
import pyhf
model = pyhf.simplemodels.uncorrelated_background([5.0], [50.0], [7.0])
print(pyhf.infer.hypotest(float(sys.argv[1]), [55.0, *model.config.auxdata], model))
"""


def _run_python(page: Path) -> str:
    """Run all Python of a page, one block after the other, and return what it prints."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for code in _blocks(page, "python"):
            exec(compile(code, str(page), "exec"), namespace)
    return printed.getvalue()


def _command_lines(page: Path) -> Iterator[list[str]]:
    for line in "".join(_blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["wilks"]:
            yield words[1:]


def _run_scripts(page: Path) -> None:
    """Run what a page does with `python`, before all else."""
    for line in "".join(_blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["python"]:
            subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True)


def _run_commands(page: Path) -> str:
    """Run the `wilks` lines of a page and return what they print; each must succeed.

    Commands that draw many figures take seconds: they are run for the tutorial only, which must have the same lines.
    """
    printed = []
    for words in _command_lines(page):
        if words[0] in ("run", "data-mc") and page.name != "tutorial.md":
            assert words in list(_command_lines(ROOT / "docs" / "tutorial.md"))
            continue
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, (words, result.output)
        printed.append(result.stdout)
    return "".join(printed)


def _untracked(folder: Path) -> list[str]:
    """Return what git would call untracked if a page's reader had made it in a clone."""
    shutil.copy(ROOT / ".gitignore", folder)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--", ".", ":!.gitignore"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()[1::2]


@pytest.mark.parametrize("name", FROM_INPUT)
def test_pages_for_beginners_run_and_print_what_they_say(name: str, here: Path) -> None:
    printed = _run_python(ROOT / name) + _run_commands(ROOT / name)
    lines = set(printed.splitlines())
    said = [line for text in _blocks(ROOT / name, "text") for line in text.splitlines() if line]
    assert "fit result for ttbar_norm: 0.942 +/- 0.043" in said
    assert [line for line in said if line not in lines] == []
    assert (here / "figures" / "pulls.pdf").is_file()
    assert _untracked(here) == ["examples"]


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")  # pyhf's
@pytest.mark.parametrize("name", FROM_PRODUCTS)
def test_guides_run(name: str, products: Path, here: Path) -> None:
    for path in products.iterdir():
        shutil.copy(path, here)
    (here / "script.py").write_text(SCRIPT)
    _run_scripts(ROOT / name)
    printed = _run_python(ROOT / name) + _run_commands(ROOT / name)
    if name in WITH_OUTPUT:
        said = [line for text in _blocks(ROOT / name, "text") for line in text.splitlines() if line]
        assert said != []
        assert [line for line in said if line not in printed.splitlines()] == []


def _slugs(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        destination = (page.parent / path).resolve() if path else page
        if not destination.is_file() or (anchor and anchor not in _slugs(destination)):
            broken.append(target)
    assert broken == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in _LINK.findall(index.read_text(encoding="utf-8"))}
    assert {page for page in PAGES if page.is_relative_to(index.parent)} - linked == {index}


def test_the_tutorial_of_the_search_runs_and_prints_what_it_says(here: Path) -> None:
    page = ROOT / "docs" / "tutorial-search.md"
    printed = _run_python(page).splitlines()
    said = [line for text in _blocks(page, "text") for line in text.splitlines() if line]
    assert [line for line in said if line not in printed] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "coming-from").glob("*.md")), ids=lambda page: page.stem)
def test_what_takes_the_place_of_other_programs_exists(page: Path) -> None:
    """Commands with their options, functions with their keywords, and keys of the steering file."""
    text = page.read_text(encoding="utf-8")
    wrong = []
    for name, words in re.findall(r"`wilks ([a-z][\w-]*)([^`]*)`", text):
        options = _options(main.commands[name])
        wrong += [f"{name} {option}" for option in re.findall(r"--[\w-]+", words) if option not in options]
    every = set().union(*(_options(command) for command in main.commands.values()))
    ours = [row.split(" | ")[1] for row in text.splitlines() if row.startswith("| ") and " | " in row[2:]]
    for cell in ours:
        wrong += [option for option in re.findall(r"--[\w-]+", cell) if option not in every]
        for module, name, arguments in re.findall(r"`(figures\.|tables\.)?([a-z_]\w*)\(([^`]*)\)`", cell):
            home = getattr(wilks, module[:-1]) if module else wilks
            found = getattr(home, name, None)
            if found is None:
                wrong.append(f"{module}{name}")
            elif inspect.isfunction(found):
                keywords = re.findall(r"(?<![\w\"])(\w+)=", arguments)
                wrong += [f"{name}({key}=)" for key in keywords if key not in _keywords(found)]
    assert wrong == []


def test_what_the_ways_in_say_is_missing_is_refused(tmp_path: Path) -> None:
    """Where one of these works one day, the page that says it is missing is to be changed with it."""
    card = "imax 1\nbin b\nobservation 5\nbin b b\nprocess s t\nprocess 0 1\nrate 1 5\nx discrete\n"
    (tmp_path / "datacard.txt").write_text(card)
    with pytest.raises(WorkspaceError, match="RooMultiPdf"):
        wilks.load_workspace(tmp_path / "datacard.txt")
    (tmp_path / "trex.config").write_text('Job: "job"\n  POI: "mu"\n\nFit: "fit"\n  FitType: UNFOLDING\n')
    with pytest.raises(ConfigError, match="unfolding"):
        import_trex(tmp_path / "trex.config")
    assert not {"strategy", "maxiter"} & {field.name for field in fields(FitOptions)}
    with pytest.raises(ModelError):
        wilks.hypotest(wilks.compile_model(wilks.examples.search()), statistic="KS")


def _keywords(function: Any) -> set[str]:
    """Return the parameters of a verb and, for calls inside its arguments, those of `fit` and `asimov`."""
    found: set[str] = set()
    for each in (function, wilks.fit, wilks.asimov):
        found |= set(inspect.signature(each).parameters)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_mentioned_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    inline = re.findall(r"`wilks ([a-z][\w-]*)", text)
    assert {*inline, *(words[0] for words in _command_lines(page))} <= set(main.commands)


def _options(command: click.Command) -> set[str]:
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    return {name for parameter in shown for name in parameter.opts if name.startswith("--")}


def test_every_command_and_option_is_described() -> None:
    text = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## wilks ([\w-]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert sections.keys() == main.commands.keys()
    for name, command in main.commands.items():
        if isinstance(command, click.Group):
            assert all(f"wilks {name} {inner}" in sections[name] for inner in command.commands)
            expected = set().union(*(_options(inner) for inner in command.commands.values()))
        else:
            expected = _options(command)
        assert set(re.findall(r"^\| `(--[\w-]+)`", sections[name], re.MULTILINE)) == expected, name


def test_every_key_of_the_steering_file_is_described() -> None:
    text = (REFERENCE / "steering-file.md").read_text(encoding="utf-8")
    schema = config_json_schema()
    keys = set(schema["properties"]).union(*(block["properties"] for block in schema["$defs"].values()))
    named = set(re.findall(r"`(\w+)`", text)) | set(re.findall(r"\{(\w+), (\w+)\}", text)[0])
    assert keys - named == set()


def test_keys_by_input_are_those_of_the_table() -> None:
    text = (REFERENCE / "keys-by-input.md").read_text(encoding="utf-8")
    assert text.partition("## General")[1:] == as_markdown().partition("## General")[1:], "run tools/keys_page.py"


def test_every_rule_and_threshold_is_described() -> None:
    text = (REFERENCE / "findings.md").read_text(encoding="utf-8")
    rules = [*check.WORKSPACE_RULES, *check.CONFIG_RULES, *check.TEMPLATE_RULES, *check.FIT_RULES, *check.RANKING_RULES]
    rules += check.TOY_RULES
    names = [rule.__name__.replace("_", "-") for rule in rules]
    tables, thresholds = text.split("## Thresholds")
    assert sorted(set(re.findall(r"^\| `([\w-]+)`", tables, re.MULTILINE))) == sorted({*names, *CONDITIONS})
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", thresholds, re.MULTILINE))
    assert {name: float(value) for name, value in rows.items()} == {
        field.name: float(getattr(Thresholds(), field.name)) for field in fields(Thresholds)
    }
    assert f"{len(rules)} rules" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_public_name_is_described() -> None:
    text = (REFERENCE / "python-api.md").read_text(encoding="utf-8")
    assert {name for name in wilks.__all__ if f"`wilks.{name}`" not in text} == set()
    functions = [getattr(wilks, name) for name in wilks.__all__ if inspect.isfunction(getattr(wilks, name))]
    functions += [getattr(module, name) for module in (wilks.figures, wilks.tables) for name in _functions(module)]
    for function in functions:
        # A verb and the figure of its result may have the same name.
        signatures = re.findall(rf"^{function.__name__}\((.*?)\) ->", text, re.MULTILINE | re.DOTALL)
        bare = [re.sub(r"\[[^\]]*\]|\([^)]*\)", "", signature) for signature in signatures]
        said = [re.findall(r"(?:^|,)\s*\*{0,2}(\w+)", signature) for signature in bare]
        assert list(inspect.signature(function).parameters) in said, function


def _functions(module: Any) -> list[str]:
    found = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    return [
        name
        for name in found
        if inspect.isfunction(getattr(module, name)) and getattr(module, name).__module__.startswith(module.__name__)
    ]


def test_every_kind_of_saved_result_is_described() -> None:
    text = (REFERENCE / "python-api.md").read_text(encoding="utf-8")
    section = text.split("### `wilks.load_result`")[1].split("\n## ")[0]
    said = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", section, re.MULTILINE))
    assert said == {kind: record.rpartition(".")[2] for kind, record in KINDS.items()}


def _said_to_be_missing(page: Path) -> list[str]:
    """Return the items, table cells and sentences of a page that say what is not there yet."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    listed = re.findall(r"^## What it can't do yet\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    pieces = re.split(r"\n\s*\n|^\s*[-|] | \| |\|$|(?<=\.) ", text, flags=re.MULTILINE)
    said = [piece for piece in pieces if _NOT_YET.search(piece)]
    return [" ".join(piece.split()).lower() for piece in [*listed, *said]]


def test_what_is_said_to_be_missing_is_missing() -> None:
    """Results and commands that exist are not among what is not there yet."""
    there = {*KINDS, *main.commands} - {"fit", "prediction", "findings", "workspace", "templates", "data", "run"}
    there -= {"combine"}  # the name of a program, too
    there |= {"hypothesis test", "goodness of fit", "patch set", "minos", "correlation matrix", "batched model"}
    assert _said_to_be_missing(ROOT / "README.md") != []
    wrong = [
        (str(page.relative_to(ROOT)), name, text)
        for page in PAGES
        for text in _said_to_be_missing(page)
        for name in sorted(there)
        if re.search(rf"\b{re.escape(name)}s?\b", text)
    ]
    assert wrong == []


def test_numbers_of_the_published_lesson(shared_data: Path) -> None:
    """The README and the page on uncertainties quote these fits."""
    text = (ROOT / "docs" / "explanation" / "uncertainties.md").read_text(encoding="utf-8")
    lesson = shared_data / "ttbar-lesson"
    repaired = wilks.compile_model(wilks.load_workspace(lesson / "workspace_repaired.json"))
    result = wilks.fit(repaired)
    ttbar = result["ttbar_norm"]
    assert f"{result.twice_nll:.6f} | {ttbar.value:.5f} +- {ttbar.uncertainty:.5f}" in text
    profiled = [wilks.fit(repaired, fixed={"ttbar_norm": ttbar.value + shift}).twice_nll for shift in (-0.0527, 0.0527)]
    np.testing.assert_allclose(np.array(profiled) - result.twice_nll, [0.49, 0.45], atol=0.005)
    published = wilks.compile_model(wilks.load_workspace(lesson / "workspace.json"))
    result = wilks.fit(published)
    ttbar = result["ttbar_norm"]
    assert f"{result.twice_nll:.6f} | {ttbar.value:.4f} +- {ttbar.uncertainty:.4f}" in text
    saddle = wilks.fit(published, fixed={"W+jets scale variations": 0.0, "Luminosity": 0.0})
    assert f"{saddle.twice_nll:.6f} | {saddle['ttbar_norm'].value:.4f}" in text
    np.testing.assert_allclose(published.gradient(saddle.values), 0, atol=1e-6)
    i = published.index("W+jets scale variations")
    np.testing.assert_allclose(published.hessian(saddle.values)[i, i], -512, atol=0.5)
