"""The commands that give the results of a report again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wilks.reporting.contents import Contents
from wilks.reporting.records import record_of
from wilks.results.findings import Findings
from wilks.results.fit import FitResult
from wilks.results.prediction import Prediction
from wilks.workspace.workspace import Workspace

_WORKSPACE = "workspace.json"
# The commands that take options of a data set, of fits and of a measurement.
_ASK = {
    "fit", "intervals", "scan", "contour", "hypotest", "limit", "significance", "ranking", "breakdown", "gof",
    "compatibility", "toys",
}  # fmt: skip
_EXPECTED = re.compile(r"(?:Asimov|toys) \((?P<at>[^)]*)\)(?P<set>.*)")
_SET = re.compile(r", (.+?) = ([^\s,]+)")
_MOST = 40
# Values that a command line is made of; results with more of them are made in Python.


def commands(contents: Contents) -> dict[str, str]:
    """Return for each file of a result the command that writes it again; results that no command writes have none.

    The command is for the workspace of the report, saved as `workspace.json`. Of data that are not the observed ones
    it says what they are in a comment, since there are more ways to make them than a result tells.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> limit = wilks.limit(wilks.compile_model(workspace))
    >>> commands(Contents("", workspace, {"limit.json": limit}))["limit.json"]
    'wilks limit workspace.json --level 0.95 -o limit.json'
    """
    found: dict[str, str] = {}
    fit_file = next((file for file, one in contents.results.items() if isinstance(one, FitResult)), "fit.json")
    for file, result in contents.results.items():
        if isinstance(result, Prediction):
            after = ["--fit", fit_file] if result.label == "post-fit" else []
            words = ["data-mc", _WORKSPACE, *after]
            found[file] = _line(words)
        elif isinstance(result, Findings):
            if "fit" not in file:  # those after the fit are of several results
                found[file] = _line(["check", "steering.yml" if contents.steering else _WORKSPACE, "-o", file])
        else:
            record = record_of(result)
            if record["kind"] in _ASK:
                found[file] = _asked(record, file, fit_file, contents.workspace)
    return found


def _line(words: list[str]) -> str:
    return shlex.join(["wilks", *words])


def _asked(record: Mapping[str, Any], file: str, fit_file: str, workspace: Workspace) -> str:
    origin = record.get("origin", record)
    settings = origin.get("settings", {})
    words = [*_model(record, origin["measurement"], workspace), *_OWN.get(record["kind"], _nothing)(record)]
    words += _held(settings)
    if settings.get("search", "default") != "default":
        words += ["--search", str(settings["search"])]
    dataset = origin.get("dataset", "observed")
    if dataset in workspace.data_set_names:
        words += ["--data-set", dataset]
        dataset = "observed"
    words += _data(dataset, record["kind"], fit_file)
    line = _line([record["kind"], _WORKSPACE, *words, "-o", file])
    return line if dataset == "observed" else f"{line}  # data: {' '.join(dataset.split())}"


def _data(dataset: str, kind: str, fit_file: str) -> list[str]:
    """Return the options for data that are expected ones, as far as their name tells what they are."""
    match = _EXPECTED.match(dataset)
    if match is None:
        return []
    words = ["--asimov"] if kind != "toys" else []
    if match["at"].startswith("post-fit"):
        words += ["--after", fit_file]
    return words + [word for setting in _SET.findall(match["set"]) for word in ("--set", "=".join(setting))]


def _model(record: Mapping[str, Any], measurement: str, workspace: Workspace) -> list[str]:
    """Return the options for measurement and parameter of interest, where they are not what the workspace says."""
    known = {one.name: one.config.poi for one in workspace.document.measurements}
    words = [] if measurement == next(iter(known), measurement) else ["--measurement", measurement]
    poi = next(iter(record.get("pois", ())), record.get("poi"))
    return words + (["--poi", poi] if poi and poi != known.get(measurement) else [])


def _held(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options for parameters that were held, and for bounds that are not the model's."""
    fixed, bounds = settings.get("fixed") or {}, settings.get("bounds") or {}
    for name, value in list(fixed.items())[:_MOST]:
        yield from ("--fix", f"{name}={value!r}")
    for name, (low, high) in list(bounds.items())[:_MOST]:
        if low is not None and high is not None:
            yield from ("--bounds", f"{name}={low!r}:{high!r}")


def _nothing(record: Mapping[str, Any]) -> list[str]:
    return []


def _option(name: str, value: Any, default: Any = None) -> list[str]:
    return [] if value is None or value == default else [f"--{name}", str(value)]


def _toys(settings: Mapping[str, Any]) -> list[str]:
    if not settings.get("toys"):
        return []
    weighted = ["--importance"] * bool(settings.get("importance"))
    return ["--toys", str(settings["toys"]), *weighted, *_option("seed", settings.get("seed"), 1)]


def _test(record: Mapping[str, Any]) -> list[str]:
    settings = record["origin"]["settings"]
    words = _option("statistic", settings.get("statistic"), "q~") + _option("base", settings.get("base"), "normal")
    return words + _toys(settings)


def _hypotest(record: Mapping[str, Any]) -> list[str]:
    values = [word for value in record["values"][:_MOST] for word in ("--value", repr(value))]
    return values + _test(record)


def _limit(record: Mapping[str, Any]) -> list[str]:
    return ["--level", str(record["level"]), *_test(record)]


def _scan(record: Mapping[str, Any]) -> list[str]:
    values = record["values"]
    words = ["--parameter", record["parameter"]]
    if len(values) > 1:
        words += ["--range", repr(values[0]), repr(values[-1]), "--points", str(len(values))]
    return words


def _contour(record: Mapping[str, Any]) -> list[str]:
    words = [word for name in record["parameters"] for word in ("--parameter", name)]
    return words + [word for level in record["levels"] for word in ("--level", str(level))]


def _intervals(record: Mapping[str, Any]) -> list[str]:
    words = [word for name in record["names"][:_MOST] for word in ("--parameter", name)]
    return words + [word for level in record["levels"] for word in ("--level", str(level))]


def _impacts(record: Mapping[str, Any]) -> list[str]:
    """The first parameter of interest is the model's, others were asked for besides."""
    default = {"ranking": "refit", "breakdown": "frozen"}[record["kind"]]
    words = _option("method", record.get("method"), default)
    if record.get("profile"):
        words.append("--profile")
    return words + [word for name in record["pois"][1:] for word in ("--also", name)]


def _gof(record: Mapping[str, Any]) -> list[str]:
    return _toys(record["origin"]["settings"])


def _ensemble(record: Mapping[str, Any]) -> list[str]:
    return [*_option("count", record["count"], 1000), *_option("seed", record["seed"], 1)]


_OWN: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "hypotest": _hypotest,
    "limit": _limit,
    "significance": lambda record: _toys(record["origin"]["settings"]),
    "scan": _scan,
    "contour": _contour,
    "intervals": _intervals,
    "ranking": _impacts,
    "breakdown": _impacts,
    "gof": _gof,
    "compatibility": _gof,
    "toys": _ensemble,
}
