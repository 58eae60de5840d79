"""What a document says beyond pyhf's format, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wilks.table import number
from wilks.workspace.spec import Document, Function, HistoSys, Measurement, Morphing, NormSys

_SHOWN = 6  # names in a line


def function_words(function: Function) -> str:
    """Return the expression of a function, what `@0` and so on mean in it, and whether it is added to the likelihood.

    >>> function_words(Function("f", "@0 * b", ["k top"]))
    '@0 * b (@0 is "k top")'
    """
    places = ", ".join(f'@{i} is "{name}"' for i, name in enumerate(function.parameters or ()))
    added = " (added to the negative log-likelihood)" if function.penalty else ""
    return function.expression + (f" ({places})" if places else "") + added


def extension_words(document: Document) -> Iterator[tuple[str, str]]:
    """Yield what there is beside functions, parameters and their constraints: its kind, and a line about it."""
    for data_set in document.data_sets or ():
        yield "data set", data_set.name
    for group in document.groups or ():
        yield "group", f"{group.name}: {_names(group.parameters)}"
    for mask in document.masks or ():
        bins = "all bins" if mask.bins is None else f"bin{'' if len(mask.bins) == 1 else 's'} {_names(mask.bins)}"
        yield "mask", f"{mask.channel}: {bins}"
    for measurement in document.measurements:
        of = f" ({measurement.name})" if len(document.measurements) > 1 else ""
        for words in _correlations(measurement):
            yield "correlation", words + of
        if measurement.config.clip:
            yield "clip", f"yields below 0 are 0{of}"
    interpolated: dict[tuple[str, str], dict[str, None]] = {}
    for channel in document.channels:
        for sample in channel.samples:
            if sample.morphing is not None:
                yield "morphing", f"{channel.name} / {sample.name}: {_morphing(sample.morphing)}"
            for modifier in sample.modifiers:
                if isinstance(modifier, NormSys | HistoSys) and modifier.interpolation is not None:
                    kind = str(modifier.__struct_config__.tag)
                    interpolated.setdefault((kind, modifier.interpolation), {})[modifier.name] = None
    for (kind, code), names in sorted(interpolated.items()):
        yield "interpolation", f"{kind} {code}: {_names(names)}"


def _correlations(measurement: Measurement) -> Iterator[str]:
    for correlation in measurement.config.correlations or ():
        names, matrix = correlation.parameters, correlation.matrix
        if len(names) == 2:
            yield f"{_names(names)}: {number(float(matrix[0][1]), 4)}"
            continue
        pairs = [(abs(matrix[i][j]), matrix[i][j], i, j) for i in range(len(names)) for j in range(i)]
        _, value, i, j = max(pairs)
        yield f"{_names(names)}: largest {number(float(value), 4)}, of {_names([names[j], names[i]])}"


def _morphing(morphing: Morphing) -> str:
    """Return the keys that say something, with the value of what isn't true alone."""
    said = ((key, getattr(morphing, key)) for key in morphing.__struct_fields__)
    return ", ".join(key if value is True else f"{key} {value}" for key, value in said if value is not None)


def _names(names: Iterable[object]) -> str:
    """Return names without quotation marks, as tables show them."""
    every = [str(name) for name in names]
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN + 1 else ""
    return ", ".join(every[: _SHOWN if more else None]) + more
