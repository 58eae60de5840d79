"""`Contents`: everything that a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wilks.reporting.blinding import hidden_parameters, is_blinded, without_data, without_values
from wilks.results.findings import Findings
from wilks.results.fit import FitResult
from wilks.results.prediction import Prediction

if TYPE_CHECKING:
    from wilks.templates.store import Templates
    from wilks.workspace.packing import PackedWorkspace
    from wilks.workspace.workspace import Workspace


@dataclass(frozen=True)
class Contents:
    """What a report shows. `results` are by the name of their file, in the order in which they are shown.

    `workspace` is what all of them belong to. `steering` is the text of the steering file; `templates` are those that
    the workspace was made of; `notes` are sentences about what is missing. `model` is the model as
    `wilks.model.export.export_model` makes it; without it the page has none to fit. `packed` is the workspace as pages
    have it, where that is known already.

    Where `blinded`, or where a fit was saved blinded, nothing on the page tells the value that the data give to a
    parameter of interest: see `unblinded_part`.
    """

    title: str
    workspace: Workspace
    results: Mapping[str, Any] = field(default_factory=dict)
    templates: Templates | None = None
    steering: str = ""
    notes: tuple[str, ...] = ()
    model: bytes = b""
    blinded: bool = False
    packed: PackedWorkspace | None = None

    @property
    def hidden(self) -> tuple[str, ...]:
        """The parameters whose values the page must not tell; empty where it may tell everything."""
        results = self.results.values()
        if not self.blinded and not any(is_blinded(one) for one in results):
            return ()
        return hidden_parameters(self.workspace, list(results))

    def unblinded_part(self) -> Contents:
        """Return the contents that may be shown: these, or what is left of them where something is hidden."""
        hidden = self.hidden
        if not hidden:
            return self
        left = without_values(dict(self.results), self.workspace, hidden)
        return replace(
            self,
            results=left.results,
            templates=without_data(self.templates, self.workspace),
            notes=(*self.notes, *left.notes),
            model=b"",
            blinded=True,
            packed=None,
        )

    @property
    def fit(self) -> FitResult | None:
        """The fit that the page is about: the first one."""
        return next((one for one in self.results.values() if isinstance(one, FitResult)), None)

    def prediction(self, label: str) -> Prediction | None:
        """The first prediction with this label."""
        found = (one for one in self.results.values() if isinstance(one, Prediction) and one.label == label)
        return next(found, None)

    @property
    def findings(self) -> Findings:
        """All findings, of the check before the fit and of the one after it."""
        every = (one for one in self.results.values() if isinstance(one, Findings))
        return Findings(tuple(dict.fromkeys(finding for one in every for finding in one)))
