"""Commands that make workspaces of others: files, pipes, what they say, and how they refuse."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Call
from tests.workspace.documents import EXAMPLE

import wilks


def write(name: str = "workspace.json", **renamed: dict[str, str]) -> wilks.workspace.workspace.Workspace:
    """Write the example to a file, with other names, and return it."""
    made = wilks.rename(wilks.load_workspace(copy.deepcopy(EXAMPLE)), **renamed)
    made.save(name)
    return made


def spec(path: str) -> dict[str, Any]:
    return json.loads(Path(path).read_text())  # type: ignore[no-any-return]


def test_combine(call: Call) -> None:
    a, b = write("a.json"), write("b.json", channels={"*": "*2"}, measurements={"main": "other"})
    result = call("combine", "a.json", "b.json", "-o", "both.json")
    assert result.exit_code == 0
    assert wilks.load_workspace("both.json") == wilks.combine(a, b)
    assert 'parameters that both have: "mu", "lumi", "JES"' in result.stderr
    renamed = call(
        "combine",
        "a.json",
        "a.json",
        "--join",
        "outer",
        "--rename-channels",
        "*=*_b",
        "--rename-modifiers",
        "stat=stat_b",
        "-o",
        "-",
    )
    made = wilks.load_workspace(json.loads(renamed.stdout))
    assert made.channel_names == ("SR", "CR", "SR_b", "CR_b")
    assert '"stat"' not in renamed.stderr
    refused = call("combine", "a.json", "a.json")
    assert refused.exit_code == 2
    assert 'channel "SR" is in both workspaces' in refused.stderr
    assert "standard input can be read once" in call("combine", "-", "-").stderr


def test_settings_that_get_lost_are_told(call: Call) -> None:
    write("a.json")
    wilks.examples.search().save("b.json")
    said = call("combine", "a.json", "b.json", "-o", "both.json").stderr
    assert 'measurement "main" has no settings for "zjets_norm", "top_norm": their defaults hold' in said


@pytest.mark.parametrize(
    ("measurement", "settings", "join", "told"),
    [
        ("other", {"name": "mu", "bounds": [[-5, 5]]}, "none", 'other settings for "mu" (bounds): a fit takes those'),
        ("other", {"name": "mu", "bounds": [[-5, 5]]}, "outer", 'other settings for "mu" (bounds): a fit takes those'),
        ("one", {"name": "mu", "bounds": [[0, 9]], "inits": [2]}, "left outer", '"mu" (inits)'),
        ("one", {"name": "k", "bounds": [[0, 2]]}, "left outer", 'settings of "k" went with a measurement'),
        ("one", {"name": "k", "bounds": [[0, 2]]}, "outer", 'only one workspace has settings for "mu", "k"'),
        ("other", {"name": "mu", "bounds": [[0, 9]]}, "none", None),
    ],
)
def test_settings_that_differ_are_told(
    call: Call, measurement: str, settings: dict[str, Any], join: str, told: str | None
) -> None:
    def save(path: str, channel: str, name: str, parameter: dict[str, Any]) -> None:
        factors = [{"name": factor, "type": "normfactor", "data": None} for factor in ("mu", "k")]
        config = {"poi": "mu", "parameters": [parameter]}
        document = {
            "channels": [{"name": channel, "samples": [{"name": "s", "data": [5.0], "modifiers": factors}]}],
            "observations": [{"name": channel, "data": [6.0]}],
            "measurements": [{"name": name, "config": config}],
            "version": "1.0.0",
        }
        Path(path).write_text(json.dumps(document))

    save("a.json", "a", "one", {"name": "mu", "bounds": [[0, 9]]})
    save("b.json", "b", measurement, settings)
    result = call("combine", "a.json", "b.json", "--join", join, "-o", "both.json")
    assert result.exit_code == 0, result.output
    if told is None:
        assert "settings" not in result.stderr
    else:
        assert told in result.stderr


def test_prune(call: Call) -> None:
    workspace = write()
    assert call("prune", "workspace.json", "-s", "sig*", "-t", "staterror", "-o", "pruned.json").exit_code == 0
    assert wilks.load_workspace("pruned.json") == wilks.prune(workspace, samples="signal", modifier_types="staterror")
    assert "nothing to leave out" in call("prune", "workspace.json").stderr
    refused = call("prune", "workspace.json", "-c", "XR", "-m", "JE?")
    assert (refused.exit_code, refused.stderr.count("wilks: no ")) == (2, 1)


def test_rename(call: Call) -> None:
    workspace = write()
    assert call("rename", "workspace.json", "JES=ATLAS_JES", "?R=region ?", "-o", "renamed.json").exit_code == 0
    assert wilks.load_workspace("renamed.json") == wilks.rename(
        workspace, modifiers={"JES": "ATLAS_JES"}, channels={"?R": "region ?"}
    )
    options = ["-c", "SR", "a=b", "-s", "signal", "s", "-m", "mu", "k", "--measurement", "main", "m"]
    made = wilks.load_workspace(json.loads(call("rename", "workspace.json", *options).stdout))
    assert (made.channel_names, made.measurement_names) == (("a=b", "CR"), ("m",))
    for arguments, sentence in [
        ([], "nothing to rename"),
        (["JSE=x"], 'no channel, sample, modifier or measurement "JSE"; did you mean "JES"'),
        (["*=x_*"], "use --channel or --sample or --modifier or --measurement"),
        (["JES"], '"JES" is not OLD=NEW'),
        (["-m", "mu", "a", "-m", "mu", "b"], "two names"),
    ]:
        refused = call("rename", "workspace.json", *arguments)
        assert refused.exit_code == 2
        assert sentence in refused.stderr


def test_sort_reads_and_writes_pipes(call: Call) -> None:
    workspace = write()
    result = call("sort", "-", input=Path("workspace.json").read_bytes())
    assert wilks.load_workspace(json.loads(result.stdout)) == wilks.sort(workspace)


def test_split(call: Call) -> None:
    workspace = wilks.examples.search()
    workspace.save("workspace.json")
    result = call("split", "workspace.json", "-o", "parts")
    assert result.exit_code == 0
    assert {p.name for p in Path("parts").glob("*.json")} == {
        f"{name}{end}" for name in ("SR-1b", "SR-2b", "CR-top") for end in (".json", ".axes.json")
    }
    assert wilks.load_workspace("parts/SR-2b.json") == wilks.select_channels(workspace, "SR 2b")
    grouped = call("split", "workspace.json", "--group", "S=SR*", "--group", "C=CR*", "-o", "two")
    assert grouped.exit_code == 0
    assert wilks.load_workspace("two/S.json").channel_names == ("SR 2b", "SR 1b")
    assert "is in no group" in call("split", "workspace.json", "--group", "S=SR*").stderr


def test_decorrelate_and_correlate(call: Call) -> None:
    workspace = wilks.examples.search()
    workspace.save("workspace.json")
    assert call("decorrelate", "workspace.json", "b-tagging", "--by", "sample", "-o", "more.json").exit_code == 0
    assert wilks.load_workspace("more.json") == wilks.decorrelate(workspace, "b-tagging", by="sample")
    assert call("correlate", "more.json", "b-tagging_*", "--name", "b-tagging", "-o", "again.json").exit_code == 0
    assert wilks.load_workspace("again.json") == workspace
    told = call("decorrelate", "workspace.json", "mu", "--group", "b=SR 1b", "--group", "b=SR 2b")
    assert "no sample, channel" not in told.stderr
    poi = call("decorrelate", "workspace.json", "mu", "-o", "each.json")
    assert 'the parameter of interest is now "mu_SR 2b"' in poi.stderr
    assert "at least two parameters" in call("correlate", "workspace.json", "mu", "--name", "x").stderr


def test_with_data(call: Call) -> None:
    workspace = write()
    Path("counts.json").write_text('{"CR": [99]}')
    assert call("with-data", "workspace.json", "counts.json", "-o", "other.json").exit_code == 0
    assert wilks.load_workspace("other.json") == wilks.with_data(workspace, {"CR": [99]})
    assert call("with-data", "workspace.json", "other.json", "-o", "third.json").exit_code == 0
    assert spec("third.json") == spec("other.json")
    assert call("with-data", "workspace.json", "--asimov", "--set", "mu=0", "-o", "asimov.json").exit_code == 0
    data = wilks.asimov(wilks.compile_model(workspace), values={"mu": 0.0})
    assert wilks.load_workspace("asimov.json") == wilks.with_data(workspace, data)
    for arguments, sentence in [
        ([], "needed is either a FILE with data or --asimov"),
        (["counts.json", "--asimov"], "needed is either"),
        (["counts.json", "--set", "mu=1"], "they need --asimov"),
        (["--asimov", "--set", "uncorrelated[0]=0.9"], "the auxiliary data are not those"),
        (["missing.json"], "no such file"),
    ]:
        refused = call("with-data", "workspace.json", *arguments)
        assert refused.exit_code == 2
        assert sentence in refused.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("combine", "FILE", "FILE"),
        ("prune", "FILE", "-c", "SR"),
        ("rename", "FILE", "a=b"),
        ("sort", "FILE"),
        ("split", "FILE"),
        ("decorrelate", "FILE", "JES"),
        ("correlate", "FILE", "a", "--name", "b"),
        ("with-data", "FILE", "--asimov"),
        ("digest", "FILE"),
        ("diff", "FILE", "FILE"),
        ("patchset", "apply", "FILE", "FILE"),
    ],
    ids=lambda command: command[0],
)
def test_other_files_are_recognised(call: Call, command: tuple[str, ...], fit_file: Path) -> None:
    for file in (fit_file, "missing.json"):
        result = call(*(str(file) if word == "FILE" else word for word in command))
        assert result.exit_code == 2
        assert ("the result of a fit, not a workspace" if file == fit_file else "no such file") in result.stderr
