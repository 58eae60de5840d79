"""Small models that come with the package, to try everything on: a search, its signals, and a measurement.

    model = wilks.compile_model(wilks.examples.search())
    print(wilks.limit(model))

Nothing in them is real. The search is that of `examples/search` in the repository, where a script simulates it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wilks.workspace.patchset import PatchSet
    from wilks.workspace.workspace import Workspace

__all__ = ["measurement", "search", "search_grid", "steering_file"]


def search(mass: int = 600) -> Workspace:
    """Return the workspace of a search for a resonance over a falling background.

    Three channels ("SR 2b", "SR 1b", "CR top"; 28 bins), a signal of `mass` (400, 500, 600, 700, 800, 1000 or 1200 GeV)
    scaled by "mu", three backgrounds, seven systematic uncertainties. The data have an excess of 3 sigma at 600 GeV.
    Raises WorkspaceError for another mass.

    >>> import wilks
    >>> workspace = wilks.examples.search()
    >>> workspace.channel_names
    ('SR 2b', 'SR 1b', 'CR top')
    >>> wilks.compile_model(workspace).poi
    'mu'
    """
    background, signals = search_grid()
    return signals.apply(background, f"X_{mass}")


def search_grid() -> tuple[Workspace, PatchSet]:
    """Return the background-only workspace of the search and the signals of all masses, as `grid` takes them.

    >>> import wilks
    >>> background, signals = wilks.examples.search_grid()
    >>> signals
    <PatchSet: 7 patches, labels "mass">
    >>> signals.names[:3]
    ('X_400', 'X_500', 'X_600')
    """
    from wilks.workspace.patchset import load_patchset
    from wilks.workspace.pyhf_json import load_workspace

    return load_workspace(_path("search_background.json")), load_patchset(_path("search_signals.json"))


def measurement() -> Workspace:
    """Return the workspace of a measurement of a rate: what `steering_file` describes.

    Two channels ("electrons", "muons"; 10 bins), a signal scaled by "mu", two backgrounds, five systematic
    uncertainties.

    >>> import wilks
    >>> result = wilks.fit(wilks.compile_model(wilks.examples.measurement()))
    >>> print(f"{result['mu'].value:.2f} +/- {result['mu'].uncertainty:.2f}")
    1.08 +/- 0.05
    """
    from wilks.workspace.pyhf_json import load_workspace

    return load_workspace(_path("measurement.json"))


def steering_file() -> Path:
    """Return the path of the measurement's steering file; the histograms that it reads lie beside it.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> len(wilks.build_templates(config))
    18
    """
    return _path("measurement.yml")


def _path(name: str) -> Path:
    """Return the path of a file in this folder."""
    return Path(__file__).parent / name
