"""What a submission is made of: results by kind, completed by what costs nothing; the workspace; figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wilks._reading import read_file
from wilks.errors import InputError, listed
from wilks.export.hepdata import fitted, inferred, sampled, tested
from wilks.export.hepdata.records import DataTable, Resource
from wilks.results.fit import FitResult
from wilks.results.io import KINDS
from wilks.results.prediction import Prediction
from wilks.selection import natural
from wilks.workspace.workspace import Workspace

if TYPE_CHECKING:
    from wilks._types import FloatArray
    from wilks.model.model import Model

_MAKERS: Mapping[str, Callable[..., Iterator[DataTable]]] = {
    "prediction": fitted.prediction_tables,
    "fit": fitted.fit_tables,
    "intervals": inferred.interval_tables,
    "limit": inferred.limit_tables,
    "hypotest": inferred.hypotest_tables,
    "significance": inferred.significance_tables,
    "grid": inferred.grid_tables,
    "scan": inferred.scan_tables,
    "contour": inferred.contour_tables,
    "ranking": inferred.ranking_tables,
    "breakdown": inferred.breakdown_tables,
    "gof": tested.goodness_tables,
    "compatibility": tested.compatibility_tables,
    "toys": tested.toys_tables,
    "posterior": sampled.posterior_tables,
    "feldman_cousins": sampled.feldman_cousins_tables,
    "coverage": sampled.coverage_tables,
    "global_significance": sampled.global_tables,
}
# What has no table of numbers.
_WITHOUT = ("findings",)


@dataclass(frozen=True, eq=False)
class Gathered:
    """Results by name, and as they are `shown`, with titles; the workspace, files and figures by stem."""

    results: Mapping[str, Any]
    shown: Mapping[str, Any]
    workspace: Workspace | None
    resources: tuple[Resource, ...]
    figures: Mapping[str, tuple[Resource, ...]]

    @property
    def measurement(self) -> str:
        """The name of the measurement, "" where nothing tells it."""
        return "" if self.workspace is None else self.workspace.measurement_names[0]

    def tables(self) -> Iterator[DataTable]:
        """Yield all tables, the yields first."""
        for kind, make in _MAKERS.items():
            of_kind = {name: one for name, one in self.results.items() if kind_of(one) == kind}
            of_kind = dict(sorted(of_kind.items(), key=lambda item: getattr(item[1], "label", "") != "pre-fit"))
            distinct = kind == "prediction" and len({one.label for one in of_kind.values()}) == len(of_kind)
            for name, one in of_kind.items():
                where = "" if distinct or len(of_kind) == 1 else f" ({name.removesuffix('.json')})"
                if kind == "prediction":
                    yield from make(self.shown[name], where, one.channel_names)
                else:
                    yield from make(self.shown[name], where)
            if kind == "prediction":
                yield from self._covariances()

    def _covariances(self) -> Iterator[DataTable]:
        """Yield the covariances of the bins of predictions, where the workspace is there to compute them."""
        if self.workspace is None:
            return
        fit = the_fit(self.results)
        after = fit if fit is not None and fit.covariance_valid and "hidden" not in fit.settings else None
        names = {one.label: name for name, one in self.results.items() if isinstance(one, Prediction)}
        for label, used in (("pre-fit", None), ("post-fit", after)):
            if label not in names or (label == "post-fit" and used is None):
                continue
            matrix = bin_covariance(_model(self.workspace, fit), used)
            plain, titled = self.results[names[label]], self.shown[names[label]]
            titles = dict(zip(plain.channel_names, titled.channels, strict=True))
            bins = {titles[name].name: len(titles[name].axis) for name in natural(plain.channel_names)}
            yield fitted.bin_covariance_table(label, bins, matrix)


def gather(given: Sequence[Any], titles: Mapping[str, str]) -> Gathered:
    """Return what is given, sorted and completed. Raises InputError with all mistakes."""
    from wilks.figures.titles import titled
    from wilks.reports import Collected

    found = Collected(task="submission")
    for one in given:
        found.add(one)
    problems = list(found.problems)
    results = {name: one for name, one in found.results.items() if kind_of(one) not in _WITHOUT}
    digests = {name: _digest(one) for name, one in results.items() if kind_of(one) != "grid"}
    if found.workspace is not None:
        foreign = [name for name, digest in digests.items() if digest not in ("", found.workspace.digest)]
        if foreign:
            problems.append(f"{listed(foreign)}: of another workspace than the one that is given")
    if problems:
        raise InputError(problems)
    if found.workspace is not None:
        _complete(found.workspace, results)
    resources = [*_workspace_files(found.workspace), *_steering(found.steering)]
    figures: dict[str, list[Resource]] = {}
    for folder in (Path(one) for one in given if isinstance(one, str | Path) and Path(one).is_dir()):
        for path in sorted((folder / "figures").glob("*.p[nd][gf]")):
            figures.setdefault(path.stem, []).extend(_figure(path))
    shown = dict(zip(results, titled(tuple(results.values()), titles), strict=True)) if titles else results
    return Gathered(results, shown, found.workspace, tuple(resources), {k: tuple(v) for k, v in figures.items()})


def kind_of(result: Any) -> str:
    """Return the kind of a result, as its file says it."""
    record = f"{type(result).__module__}.{type(result).__qualname__}"
    return next(kind for kind, known in KINDS.items() if known == record)


def the_fit(results: Mapping[str, Any]) -> FitResult | None:
    """Return the fit among results; None where there are several, of which none is more than the others."""
    fits = [one for one in results.values() if isinstance(one, FitResult)]
    return fits[0] if len(fits) == 1 else None


def bin_covariance(model: Model, fit: FitResult | None) -> FloatArray:
    """Return the covariance of the rates of all bins, channels in natural order, before or after a fit: J C J^T."""
    import numpy as np

    from wilks.infer.transfer import transfer
    from wilks.model.terms import prefit_covariance

    if fit is None:
        theta, covariance = model.prefit_values, prefit_covariance(model, model.fixed)
    else:
        fit = transfer(fit, model) if fit.names != model.parameter_names else fit
        theta, covariance = fit.values, fit.covariance
    slices = [model.channel_slices[name] for name in natural(model.channel_names)]
    places = np.concatenate([np.arange(one.start, one.stop) for one in slices])
    along = model.rates_jacobian(theta)[places]
    matrix = along @ covariance @ along.T
    return np.asarray(0.5 * (matrix + matrix.T))


def _model(workspace: Workspace, fit: FitResult | None) -> Model:
    from wilks.questions import matching_model

    return matching_model(workspace, fit, masks=False) if workspace.document.masks else matching_model(workspace, fit)


def _complete(workspace: Workspace, results: dict[str, Any]) -> None:
    """Add the predictions before and after the fit, where they can be made and are not there."""
    from wilks.infer.prediction import predict

    fit = the_fit(results)
    labels = {one.label for one in results.values() if isinstance(one, Prediction)}
    usable = fit is not None and fit.covariance_usable and "hidden" not in fit.settings
    for label, result in (("pre-fit", None), ("post-fit", fit if usable else None)):
        if label in labels or (label == "post-fit" and result is None):
            continue
        results[f"{label.replace('-', '')}.json"] = predict(_model(workspace, fit), result)


def _digest(result: Any) -> str:
    return str(getattr(getattr(result, "origin", result), "workspace_digest", ""))


def _workspace_files(workspace: Workspace | None) -> Iterator[Resource]:
    if workspace is None:
        return
    import tempfile

    plain = workspace.document.version == "1.0.0"
    words = "pyhf's JSON" if plain else "pyhf's JSON, with extensions of wilks"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "workspace.json"
        workspace.save(path)
        text = f"Full statistical model and data, HistFactory workspace ({words})"
        yield Resource(path.name, path.read_bytes(), text, "HistFactory" if plain else "")
        axes = path.with_suffix(".axes.json")
        if axes.is_file():
            yield Resource(axes.name, axes.read_bytes(), "Bin edges, titles and units of the workspace's channels")


def _steering(text: str) -> Iterator[Resource]:
    if text:
        yield Resource("steering.yml", text.encode(), "Steering file: how the model is built from its input")


def _figure(path: Path) -> Iterator[Resource]:
    """Yield a figure, and of a PNG the thumbnail that HEPData shows beside the table."""
    content = read_file(path)
    yield Resource(path.name, content, f"Figure: {path.stem.replace('_', ' ')} ({path.suffix[1:].upper()})")
    if path.suffix == ".png":
        import io

        from PIL import Image

        with Image.open(path) as picture:
            picture.thumbnail((240, 240))
            stream = io.BytesIO()
            picture.save(stream, "PNG")
        yield Resource(f"thumb_{path.name}", stream.getvalue(), f"Thumbnail of {path.name}")
