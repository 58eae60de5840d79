"""`simplify`: the simplified likelihoods of a model, and how well they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wilks._files import write_atomically
from wilks.errors import InputError, listed, nearest
from wilks.export.simplified.coefficients import Coefficients, coefficients
from wilks.export.simplified.documents import UNCERTAINTIES, Kept, one_background, parabolas
from wilks.export.simplified.moments import Moments, background_moments
from wilks.export.simplified.writing import hepdata_tables, model_json, model_py
from wilks.infer.limits import limit
from wilks.model.compile import compile_model
from wilks.results.hypotest import BANDS, LimitResult
from wilks.table import Table, number
from wilks.workspace.workspace import Workspace

FULL, PARABOLAS, ONE = "full", "parabolas", "one background"


@dataclass(frozen=True, eq=False)
class SimplifiedLikelihood:
    """The simplified likelihoods of a model: moments, coefficients, and both forms as workspaces.

    `parabolas` is A + B theta + C theta^2 for each bin (arXiv:1809.05548), `one_background` ATLAS's pyhf workspace
    (ATL-PHYS-PUB-2021-038). `full` is what they stand for; `notes` are sentences on what is lost.
    """

    full: Workspace
    measurement: str | None
    moments: Moments
    coefficients: Coefficients
    parabolas: Workspace
    one_background: Workspace
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        m = self.moments
        return f"<SimplifiedLikelihood: {len(m.channels)} channels, {m.mean.size} bins, fit of {m.fitted}>"

    def save(self, folder: str | Path) -> list[Path]:
        """Write everything into a folder, and return the files.

        `simplified.json` has moments and coefficients, `model.py` is what CMS's and SModelS's scripts read,
        `parabolas.json` and `one_background.json` are the workspaces, `hepdata` is a submission with the tables.
        Raises InputError where something can't be written.
        """
        folder = Path(folder)
        submitted = hepdata_tables(self.moments, self.coefficients).save(folder / "hepdata")
        texts = {
            "simplified.json": model_json(self.moments, self.coefficients),
            "model.py": model_py(self.moments),
        }
        for name, text in texts.items():
            write_atomically(folder / name, text.encode())
        self.parabolas.save(folder / "parabolas.json")
        self.one_background.save(folder / "one_background.json")
        return [
            *(folder / name for name in (*texts, "parabolas.json", "one_background.json")),
            submitted[0].parent,
        ]

    def limits(self, *, level: float = 0.95) -> dict[str, LimitResult]:
        """Return the limits on the parameter of interest, in the full model and in both simplified ones.

        Raises InputError where the model has no signal.
        """
        if not self.moments.signals:
            raise InputError("the workspace has no signal, so there is no limit to compare: patch one in")
        models = {
            FULL: compile_model(self.full, measurement=self.measurement, poi=self.moments.poi),
            PARABOLAS: compile_model(self.parabolas),
            ONE: compile_model(self.one_background),
        }
        return {name: limit(model, level=level) for name, model in models.items()}


def simplify(
    workspace: Workspace,
    *,
    channels: str | Sequence[str] | None = None,
    fitted: str | None = None,
    uncertainties: str = "correlated",
    signal_systematics: bool = False,
    samples: int = 20_000,
    seed: int = 1,
    measurement: str | None = None,
    poi: str | None = None,
) -> SimplifiedLikelihood:
    """Return the simplified likelihoods of a workspace: those that are left of its `channels` (default: all).

    Background is everything that the parameter of interest does not scale. What is known of it comes from a fit without
    signal: `fitted` "control" of the other channels (the default where there are others), "all" of all channels (the
    data of those that are kept are then used twice), "none" from constraints alone. Moments are those of `samples`
    points, normal around the fit with its covariance and of a fixed `seed`; what is linear is exact. `uncertainties` of
    the one background are "correlated" (one parameter for all bins) or "per bin". Signals are nominal yields times the
    parameter of interest; with `signal_systematics` they are whole. `measurement` and `poi` are as for `compile_model`.
    Raises InputError for what can't be asked, ResultError where the fit fails.

    >>> import wilks
    >>> found = wilks.export.simplified.simplify(wilks.examples.search(), channels="SR 2b")
    >>> found
    <SimplifiedLikelihood: 1 channels, 12 bins, fit of control>
    >>> found.coefficients.rho.shape, found.moments.third.shape
    ((12, 12), (12,))
    """
    if uncertainties not in UNCERTAINTIES:
        raise InputError(
            f'no uncertainties "{uncertainties}"; there are {listed(UNCERTAINTIES)}'
            f"{nearest(uncertainties, UNCERTAINTIES)}"
        )
    moments = background_moments(
        workspace, channels=channels, fitted=fitted, samples=samples, seed=seed, measurement=measurement, poi=poi
    )
    if moments.curved and not signal_systematics:
        raise InputError(
            f"{listed(moments.curved)}: not proportional to {moments.poi}, so nominal yields do not tell what the "
            "signal is; keep it whole, with its systematic uncertainties"
        )
    found = coefficients(moments.mean, moments.covariance, moments.third)
    kept = Kept(workspace, moments, signal_systematics, measurement)
    return SimplifiedLikelihood(
        full=workspace,
        measurement=measurement,
        moments=moments,
        coefficients=found,
        parabolas=parabolas(kept, found),
        one_background=one_background(kept, uncertainties=uncertainties),
        notes=tuple(_notes(moments, found)),
    )


def comparison(limits: dict[str, LimitResult]) -> Table:
    """Return limits side by side: observed and expected, with the differences from the first in percent.

    >>> import wilks
    >>> found = wilks.export.simplified.simplify(wilks.examples.search(), channels="SR 2b")
    >>> wilks.export.simplified.comparison(found.limits()).header
    ('limit', 'full', 'parabolas', 'difference', 'one background', 'difference')
    """
    first, *others = limits
    rows = []
    for i, name in enumerate(("observed", *(f"expected {band}" for band in BANDS))):
        values = [(one.observed, *one.expected)[i] for one in limits.values()]
        shifts = [f"{100.0 * (value / values[0] - 1.0):+.1f} %" for value in values[1:]]
        pairs = [text for value, shift in zip(values[1:], shifts, strict=True) for text in (number(value), shift)]
        rows.append((name, number(values[0]), *pairs))
    poi = limits[first].poi
    level = f"{100 * limits[first].level:g}"
    header = ("limit", first, *(text for name in others for text in (name, "difference")))
    return Table(f"Upper limits on {poi} at {level}% CL (CLs)", header, tuple(rows))


def _notes(moments: Moments, found: Coefficients) -> list[str]:
    """Return what the simplified likelihoods lose, in sentences."""
    notes = list(moments.notes)
    if moments.fitted == "all":
        notes.append("the data of the channels are used twice: in the fit of the background, and in the likelihood")
    labels = moments.labels
    if found.cut.any():
        names = [label for label, cut in zip(labels, found.cut, strict=True) if cut]
        notes.append(f"third moments are larger than a parabola can have, and cut: {listed(names, 4)}")
    if found.moved > 0.01:
        notes.append(
            f"no correlations of the thetas give the covariance: the nearest possible ones differ by {found.moved:.2g}"
        )
    return notes
