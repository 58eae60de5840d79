"""Correlations between constraints: multivariate normal distributions of several parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wilks.formats.hs3.modifiers import Named
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.parameters import Extra
from wilks.formats.hs3.terms import Terms

_TYPE = "multivariate_normal_dist"


def correlations_of(
    terms: Terms, named: Named, extra: Extra, used: set[str], saved: Sequence[Node]
) -> list[dict[str, Any]]:
    """Return the correlations of a measurement; `used` are the distributions that modifiers name.

    `saved` are correlations as wilks wrote them down; they count where they are those of the file.
    """
    nodes = {node.at: node for nodes in extra.terms.values() for node in nodes}
    nodes |= {node.at: node for name, node in terms.file.distributions.items() if name in used}
    found = []
    for node in nodes.values():
        if node.value.get("type") == _TYPE and (entry := _correlation(node, named)) is not None:
            found.append(next((one.value for one in saved if _same(one, entry)), entry))
    return found


def _same(saved: Node, entry: dict[str, Any]) -> bool:
    """Return whether correlations that were written down are those of the file."""
    if saved.value.get("parameters") != entry["parameters"]:
        return False
    try:
        return np.allclose(np.array(saved.value.get("matrix"), np.float64), entry["matrix"], rtol=0, atol=1e-14)
    except (TypeError, ValueError, OverflowError):
        return False


def _correlation(node: Node, named: Named) -> dict[str, Any] | None:
    """Return the correlations of one distribution; None where it is wrong, or has none."""
    key = next((k for k in ("x", "mean") if any(n in named.scalars for n in _texts(node, k))), "")
    names = _texts(node, key)
    if not key or len(names) != len(node.value.get(key, ())) or any(name not in named.scalars for name in names):
        node.wrong("names of parameters needed, all of the model", key or "x")
        return None
    try:
        covariance = np.array(node.value.get("covariances"), np.float64)
    except (TypeError, ValueError, OverflowError):
        covariance = np.empty(0)
    if covariance.shape != (len(names), len(names)) or not np.isfinite(covariance).all():
        node.wrong(f"{len(names)} rows of {len(names)} finite numbers needed", "covariances")
        return None
    if not np.allclose(covariance, covariance.T, rtol=1e-9, atol=0) or np.linalg.eigvalsh(covariance)[0] <= 0:
        node.wrong("a symmetric matrix with positive eigenvalues needed", "covariances")
        return None
    width = np.sqrt(np.diag(covariance))
    matrix = covariance / np.outer(width, width)
    np.fill_diagonal(matrix, 1.0)
    if not (matrix - np.eye(len(names))).any():
        return None
    return {"parameters": [named.scalars[name] for name in names], "matrix": matrix.tolist()}


def _texts(node: Node, key: str) -> list[str]:
    values = node.value.get(key)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
