"""`Contents`: everything that a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wilks.results.findings import Findings
from wilks.results.fit import FitResult
from wilks.results.prediction import Prediction

if TYPE_CHECKING:
    from wilks.templates.store import Templates
    from wilks.workspace.workspace import Workspace


@dataclass(frozen=True)
class Contents:
    """What a report shows. `results` are by the name of their file, in the order in which they are shown.

    `workspace` is what all of them belong to. `steering` is the text of the steering file; `templates` are those that
    the workspace was made of; `notes` are sentences about what is missing. `model` is the model as
    `wilks.model.export.export_model` makes it; without it the page has none to fit.
    """

    title: str
    workspace: Workspace
    results: Mapping[str, Any] = field(default_factory=dict)
    templates: Templates | None = None
    steering: str = ""
    notes: tuple[str, ...] = ()
    model: bytes = b""

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
