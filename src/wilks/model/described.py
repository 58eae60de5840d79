"""What a result keeps of its model."""

from __future__ import annotations

from typing import Any

from wilks.model.model import Model


def described(model: Model) -> dict[str, Any]:
    """Return the fields of a `FitResult` that say which model it belongs to, by name."""
    return {
        "names": model.parameter_names,
        "prefit_values": model.nominal,
        "prefit_uncertainties": model.prefit_uncertainties,
        "constraints": model.constraints,
        "modifier_types": model.modifier_types,
        "poi": model.poi,
        "measurement": model.measurement,
        "workspace_digest": model.workspace_digest,
    }
