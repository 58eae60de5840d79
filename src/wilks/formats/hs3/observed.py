"""Counts of the channels from the data of an HS3 file."""

from __future__ import annotations

from typing import Any

import numpy as np

from wilks.errors import listed
from wilks.formats.hs3.channels import HS3Channel, axis_edges, in_order
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.tables import Tables
from wilks.workspace.either import written

_SAME = 1e-9


def counts(file: Tables, channel: HS3Channel, name: str, asked_by: Node) -> list[Any]:
    """Return the counts of a channel in a data set, in the order of the document's bins."""
    nothing = [0.0] * len(channel.order)
    node = file.find("data", name, asked_by, "data")
    if node is None:
        return nothing
    kind = node.text("type", "binned")
    if kind not in ("binned", "unbinned"):
        node.wrong(f'"{kind}" found; data of a channel are "binned", or "unbinned" events that are counted', "type")
        return nothing
    if not _fits(node, channel):
        return nothing
    if kind == "unbinned":
        file.tell(node.place(), "unbinned entries are counted in the bins of the channel")
        return _filled(node, channel)
    return in_order(node.numbers("contents", len(channel.order)), channel.order)


def _fits(node: Node, channel: HS3Channel) -> bool:
    """Return whether the axes of data are those of the channel, as far as they are given; else that is a mistake."""
    axes = node.objects("axes")
    if not axes:
        return True
    if len(axes) != len(channel.axes):
        node.wrong(f'{len(axes)} found, but channel "{channel.name}" has {len(channel.axes)}', "axes")
        return False
    for ours, theirs in zip(axes, channel.axes, strict=True):
        mine, wanted = axis_edges(ours), axis_edges(Node(theirs.value, theirs.at, []))
        if mine is None or wanted is None:
            continue
        if len(mine) != len(wanted):
            ours.wrong(f'{len(mine) - 1} bins, but "{channel.name}" has {len(wanted) - 1}')
            return False
        if not np.allclose(np.array(mine, float), np.array(wanted, float), rtol=_SAME, atol=_SAME):
            ours.wrong(f'other bin edges than those of channel "{channel.name}"')
            return False
    return True


def _filled(node: Node, channel: HS3Channel) -> list[Any]:
    """Return the sums of weights in the bins of a channel."""
    edges = [axis_edges(Node(axis.value, axis.at, [])) for axis in channel.axes]
    entries = node.value.get("entries")
    if not isinstance(entries, list) or any(e is None for e in edges):
        node.wrong(f"{written(entries)} found, a list of points on axes with known edges needed", "entries")
        return [0.0] * len(channel.order)
    weights = node.numbers("weights", len(entries)) if node.has("weights") else [1.0] * len(entries)
    try:
        points = np.array(entries, dtype=np.float64).reshape(len(entries), len(edges))
    except (TypeError, ValueError, OverflowError):
        node.wrong(f"each must be {len(edges)} number{'s' if len(edges) > 1 else ''}", "entries")
        return [0.0] * len(channel.order)
    bins = [np.array(e, dtype=np.float64) for e in edges]
    inside = np.ones(len(entries), np.bool_)
    for column, side in zip(points.T, bins, strict=True):
        inside &= (column >= side[0]) & (column < side[-1])
    if not inside.all():
        first = int(np.flatnonzero(~inside)[0])
        more = f" (and {int((~inside).sum()) - 1} more)" if (~inside).sum() > 1 else ""
        names = listed(axis.text("name", "") for axis in channel.axes)
        node.wrong(f"{points[first].tolist()} lies outside the bins of {names}{more}", f"entries[{first}]")
    table, _ = np.histogramdd(points, bins=bins, weights=np.array(weights, dtype=np.float64))
    return list(table.ravel(order="F").tolist())
