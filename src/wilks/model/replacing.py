"""Workspaces with other data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import msgspec
import numpy as np

from wilks._types import FloatArray
from wilks.errors import KindError, WorkspaceError, nearest
from wilks.model.compile import compile_model
from wilks.model.datasets import Data
from wilks.workspace.edit import bins_of, masked_bins
from wilks.workspace.making import made
from wilks.workspace.workspace import Workspace


def with_data(workspace: Workspace, data: Mapping[str, Sequence[float]] | Workspace | Data) -> Workspace:
    """Return the workspace with other observed data; channels that `data` does not have keep theirs.

    `data` are counts per bin by channel, another workspace (all of whose channels are then needed), or a data set such
    as `asimov(model)`. A workspace holds main data only: auxiliary data stand in its constraints, and a data set in
    which they moved is refused. In bins that the workspace masks, a data set of its model has nothing, and the counts
    stay what they are. Raises WorkspaceError for channels and numbers of bins that don't fit, and for
    counts that are no numbers.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> other = wilks.with_data(workspace, {"electrons": [530, 400, 290, 180, 90]})
    >>> other.spec["observations"][0]["data"]
    [530, 400, 290, 180, 90]
    """
    if isinstance(data, Workspace):
        found: dict[str, Any] = {observation.name: observation.data for observation in data.document.observations}
    elif isinstance(data, Data):
        found = _main(workspace, data)
    elif isinstance(data, Mapping):
        found = {str(name): values for name, values in data.items()}
    else:
        raise KindError(f"data: counts by channel, a workspace or a data set are needed, found {type(data).__name__}")
    sizes = {channel.name: bins_of(channel) for channel in workspace.document.channels}
    problems = [
        f'data: no channel "{name}" in the workspace{nearest(name, sizes)}' for name in found if name not in sizes
    ]
    counts = {name: _counts(name, values, sizes[name], problems) for name, values in found.items() if name in sizes}
    if problems:
        raise WorkspaceError(problems)
    observations = [
        msgspec.structs.replace(o, data=counts[o.name]) if o.name in counts else o
        for o in workspace.document.observations
    ]
    return made(msgspec.structs.replace(workspace.document, observations=observations), workspace.axes)


def _counts(name: str, values: Any, bins: int, problems: list[str]) -> list[int | float]:
    """Return counts as numbers of Python, integers as such; adds to `problems`."""
    plain = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(plain, list | tuple) or not all(isinstance(v, Real) and not isinstance(v, bool) for v in plain):
        problems.append(f'data: channel "{name}" needs a list of numbers')
        return []
    if len(plain) != bins:
        problems.append(f'data: {len(plain)} numbers for channel "{name}", which has {bins} bins')
    return [v if isinstance(v, int) else float(v) for v in plain]


def _main(workspace: Workspace, data: Data) -> dict[str, FloatArray]:
    """Return the main data by channel. Raises WorkspaceError where the auxiliary data are of no measurement."""
    rest = data.values[sum(data.bins.values()) :]
    known = [
        compile_model(workspace, measurement=name, masks=masks).auxiliary
        for name in workspace.measurement_names
        for masks in ((True, False) if workspace.document.masks else (True,))
    ]
    if not data.bins or (rest.size and not any(np.array_equal(rest, auxiliary) for auxiliary in known)):
        raise WorkspaceError(
            f"data: {data.label}: the auxiliary data are not those of the workspace, which holds main data only"
        )
    ends = np.cumsum([*data.bins.values()])
    found = dict(zip(data.bins, np.split(data.values, ends)[:-1], strict=True))
    observed = {observation.name: observation.data for observation in workspace.document.observations}
    for name, bins in masked_bins(workspace).items():
        if name in found and not found[name][list(bins)].any():
            found[name] = found[name].copy()
            found[name][list(bins)] = np.asarray(observed[name], np.float64)[list(bins)]
    return found
