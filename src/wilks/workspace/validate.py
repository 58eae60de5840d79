"""What is wrong with a workspace document: every mistake, with its JSON path.

`structure_mistakes` holds a document against the records of `spec`; `content_mistakes` looks for what the format's
schema does not say: names that repeat, numbers of bins that differ, numbers that aren't finite. The second takes plain
dictionaries, however broken, as well as a `Document`, so that each rule is written once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

from msgspec import inspect

from wilks.errors import listed, nearest
from wilks.workspace.either import get, is_list, items, modifier_type, written
from wilks.workspace.extensions import elsewhere, version_mistakes, why_not
from wilks.workspace.function_mistakes import function_mistakes
from wilks.workspace.spec import Document


def structure_mistakes(value: Any) -> list[str]:
    """Return a sentence for every key and value of plain JSON data that the format does not allow."""
    mistakes: list[str] = []
    _walk(value, inspect.type_info(Document), "", mistakes)
    return mistakes


def _walk(value: Any, kind: inspect.Type, where: str, mistakes: list[str]) -> None:
    if isinstance(kind, inspect.StructType):
        _walk_object(value, kind, where, mistakes)
    elif isinstance(kind, inspect.ListType):
        _walk_list(value, kind, where, mistakes)
    elif isinstance(kind, inspect.UnionType) and isinstance(kind.types[0], inspect.StructType):
        _walk_modifier(value, kind, where, mistakes)
    elif isinstance(kind, inspect.UnionType) and value is not None and kind.includes_none and not _is_number_type(kind):
        kinds = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
        _walk(
            value,
            next((t for t in kinds if isinstance(t, inspect.ListType) == is_list(value)), kinds[0]),
            where,
            mistakes,
        )
    elif isinstance(kind, inspect.LiteralType):
        _walk_choice(value, kind.values, where, mistakes)
    elif not _is_scalar(value, kind):
        mistakes.append(_at(where, f"{written(value)} found, {_EXPECTED[type(kind)]} needed"))


def _walk_object(value: Any, kind: inspect.StructType, where: str, mistakes: list[str]) -> None:
    if not isinstance(value, dict):
        mistakes.append(_at(where, f"{written(value)} found, an object needed"))
        return
    fields = {field.encode_name: field for field in kind.fields}
    keys = [*fields, kind.tag_field] if kind.tag_field else [*fields]
    for key in value:
        if key not in keys:
            hint = elsewhere(key) or nearest(str(key), keys)
            mistakes.append(_at(where, f'unknown key "{key}"; allowed are {listed(keys)}{hint}'))
    for key, field in fields.items():
        if key in value:
            _walk(value[key], field.type, f"{where}.{key}" if where else key, mistakes)
        elif field.required:
            mistakes.append(_at(where, f'"{key}" is missing'))


def _walk_list(value: Any, kind: inspect.ListType, where: str, mistakes: list[str]) -> None:
    if not isinstance(value, list):
        mistakes.append(_at(where, f"{written(value)} found, a list needed"))
        return
    if not _is_number_type(kind.item_type):
        for i, item in enumerate(value):
            _walk(item, kind.item_type, f"{where}[{i}]", mistakes)
        return
    wrong = [i for i, item in enumerate(value) if not _is_scalar(item, kind.item_type)]
    if wrong:
        more = f" (and {len(wrong) - 1} more in this list)" if len(wrong) > 1 else ""
        mistakes.append(f"{where}[{wrong[0]}]: {written(value[wrong[0]])} found, a number needed{more}")


def _walk_modifier(value: Any, kind: inspect.UnionType, where: str, mistakes: list[str]) -> None:
    """Modifiers: the type says which record must follow."""
    if not isinstance(value, dict):
        mistakes.append(_at(where, f"{written(value)} found, an object needed"))
        return
    kinds = {record.tag: record for record in kind.types if isinstance(record, inspect.StructType)}
    names = [str(tag) for tag in kinds]
    tag = value.get("type")
    if "type" not in value:
        mistakes.append(_at(where, f'"type" is missing; allowed are {listed(names)}'))
    elif not isinstance(tag, str) or tag not in kinds:
        hint = nearest(tag, names) if isinstance(tag, str) else ""
        mistakes.append(f"{where}.type: no modifier type {written(tag)}; allowed are {listed(names)}{hint}")
    else:
        _walk_object(value, kinds[tag], where, mistakes)


def _walk_choice(value: Any, choices: tuple[Any, ...], where: str, mistakes: list[str]) -> None:
    if value not in choices:
        hint = (why_not(value) or nearest(value, choices)) if isinstance(value, str) else ""
        mistakes.append(_at(where, f"{written(value)} found; allowed are {listed(choices)}{hint}"))


_EXPECTED: dict[type, str] = {
    inspect.StrType: "a text",
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
    inspect.UnionType: "a number",
    inspect.IntType: "a whole number",
}


def _is_number_type(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.UnionType) and any(isinstance(t, inspect.FloatType) for t in kind.types)


def _is_scalar(value: Any, kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.StrType):
        # Half a surrogate pair ("\ud800") is JSON, but no text that could be written again.
        return isinstance(value, str) and value.encode("utf-8", "ignore").decode() == value
    if isinstance(kind, inspect.BoolType):
        return isinstance(value, bool)
    if isinstance(kind, inspect.IntType):
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(kind, inspect.NoneType) or value is None:
        return value is None and (isinstance(kind, inspect.NoneType) or getattr(kind, "includes_none", False))
    return isinstance(value, int | float) and not isinstance(value, bool)


def content_mistakes(document: Any) -> list[str]:
    """Return a sentence for every mistake in a `Document`, or in plain JSON data as far as it has the right form."""
    mistakes: list[str] = []
    mistakes += version_mistakes(document)
    observed: dict[str, Any] = {}
    for i, observation in enumerate(_named_items(document, "observations", "", mistakes)):
        _check_numbers(observation, "data", f"observations[{i}]", mistakes)
        if isinstance(name := get(observation, "name"), str):
            observed[name] = get(observation, "data")
    for i, channel in enumerate(_named_items(document, "channels", "", mistakes)):
        _check_channel(channel, f"channels[{i}]", observed, mistakes)
    for i, measurement in enumerate(_named_items(document, "measurements", "", mistakes)):
        _check_measurement(measurement, f"measurements[{i}]", mistakes)
    for i, data_set in enumerate(_named_items(document, "data_sets", "", mistakes)):
        _check_data_set(data_set, f"data_sets[{i}]", observed, mistakes)
    for i, group in enumerate(_named_items(document, "groups", "", mistakes)):
        _check_names(group, "parameters", f"groups[{i}]", mistakes)
    _named_items(document, "functions", "", mistakes)
    mistakes += function_mistakes(document)
    for i, mask in enumerate(items(document, "masks")):
        _check_mask(mask, f"masks[{i}]", observed, mistakes)
    return mistakes


def _check_mask(mask: Any, where: str, observed: dict[str, Any], mistakes: list[str]) -> None:
    """A mask has bins of a channel that there is, each once."""
    name, bins = get(mask, "channel"), get(mask, "bins")
    if isinstance(name, str) and name not in observed:
        mistakes.append(f'{where}.channel: no channel "{name}"{nearest(name, observed)}')
    if bins == []:
        mistakes.append(f"{where}.bins: empty, at least one bin needed; without this key the whole channel is left out")
    size = len(data) if isinstance(name, str) and is_list(data := observed.get(name)) else None
    for i, bin_ in enumerate(items(mask, "bins")):
        if isinstance(bin_, int) and size is not None and not 0 <= bin_ < size:
            mistakes.append(f'{where}.bins[{i}]: {bin_} found, channel "{name}" has bins 0 to {size - 1}')


def _check_data_set(data_set: Any, where: str, observed: dict[str, Any], mistakes: list[str]) -> None:
    """A data set has each channel of the observations, with as many bins."""
    found: dict[str, Any] = {}
    for i, observation in enumerate(_named_items(data_set, "observations", where, mistakes)):
        _check_numbers(observation, "data", f"{where}.observations[{i}]", mistakes)
        if isinstance(name := get(observation, "name"), str):
            found[name] = get(observation, "data")
    at = f"{where}.observations"
    mistakes += [f'{at}: no channel "{name}"{nearest(name, observed)}' for name in found if name not in observed]
    mistakes += [f'{at}: none for channel "{name}"{nearest(name, found)}' for name in observed if name not in found]
    for name, data in found.items():
        wanted = observed.get(name)
        if is_list(wanted) and is_list(data) and data and len(data) != len(wanted):
            mistakes.append(f'{at}: {_counted(data)} for channel "{name}", which has {len(wanted)}')


def _check_names(holder: Any, key: str, where: str, mistakes: list[str]) -> None:
    """A list of names: not empty, each once."""
    names = get(holder, key)
    if names == []:
        mistakes.append(f"{where}.{key}: empty, at least one name needed")
    repeated = _repeated(name for name in items(holder, key) if isinstance(name, str))
    mistakes += [f'{where}.{key}: "{name}" occurs more than once' for name in repeated]


def _check_channel(channel: Any, where: str, observed: dict[str, Any], mistakes: list[str]) -> None:
    name = get(channel, "name")
    samples = _named_items(channel, "samples", where, mistakes)
    if isinstance(name, str) and name not in observed:
        mistakes.append(f'observations: none for channel "{name}"{nearest(name, observed)}')
    data = observed.get(name) if isinstance(name, str) else None
    # The channel's number of bins is what most of its lists say, so that one wrong list is one mistake.
    lengths = [
        len(values) for values in (*(get(sample, "data") for sample in samples), data) if is_list(values) and values
    ]
    bins = Counter(lengths).most_common(1)[0][0] if lengths else None
    owner = f'channel "{name}"'
    for j, sample in enumerate(samples):
        at = f"{where}.samples[{j}]"
        _check_numbers(sample, "data", at, mistakes, bins, owner)
        _check_modifiers(sample, at, mistakes)
        floor = get(get(sample, "morphing"), "floor")
        if isinstance(floor, int | float) and not (_is_finite(floor) and floor >= 0):
            mistakes.append(f"{at}.morphing.floor: {written(floor)} found, a number not below 0 needed")
    if is_list(data) and data and len(data) != bins:
        mistakes.append(f"observations: {_counted(data)} for {owner}, which has {bins}")


def _check_modifiers(sample: Any, where: str, mistakes: list[str]) -> None:
    data = get(sample, "data")
    bins = len(data) if is_list(data) and data else None
    owner = f'sample "{get(sample, "name")}"'
    identities: list[Hashable] = []
    for k, modifier in enumerate(items(sample, "modifiers")):
        kind, name = modifier_type(modifier), get(modifier, "name")
        at = f"{where}.modifiers[{k}]"
        if isinstance(kind, str) and isinstance(name, str):
            identities.append((kind, name))
        if kind == "lumi" and isinstance(name, str) and name != "lumi":
            mistakes.append(f'{at}.name: "{name}" found, a modifier of type lumi must be named "lumi"')
        elif kind in ("shapesys", "staterror"):
            _check_numbers(modifier, "data", at, mistakes, bins, owner)
            if get(modifier, "effect") == "added":
                given = [key for key in ("constraint", "threshold") if get(modifier, key) is not None]
                mistakes += [f'{at}.{key}: an "added" staterror has none' for key in given]
            threshold = get(modifier, "threshold")
            if isinstance(threshold, int | float) and not (_is_finite(threshold) and threshold >= 0):
                mistakes.append(f"{at}.threshold: {written(threshold)} found, a number not below 0 needed")
        elif kind == "histosys":
            for key in ("lo_data", "hi_data"):
                _check_numbers(get(modifier, "data"), key, f"{at}.data", mistakes, bins, owner)
        elif kind == "normsys":
            for key in ("lo", "hi"):
                value = get(get(modifier, "data"), key)
                if not _is_finite(value):
                    mistakes.append(f"{at}.data.{key}: {written(value)} found, a finite number needed")
                elif get(modifier, "interpolation") == "combine" and isinstance(value, int | float) and value <= 0:
                    mistakes.append(f'{at}.data.{key}: {written(value)} found, "combine" needs a positive factor')
    for kind, name in _repeated(identities):
        mistakes.append(f'{where}.modifiers: {kind} "{name}" occurs more than once')


def _check_measurement(measurement: Any, where: str, mistakes: list[str]) -> None:
    config, where = get(measurement, "config"), f"{where}.config"
    _check_pois(config, where, mistakes)
    for i, correlation in enumerate(items(config, "correlations")):
        _check_correlation(correlation, f"{where}.correlations[{i}]", mistakes)
    for i, settings in enumerate(_named_items(config, "parameters", where, mistakes, may_be_empty=True)):
        at = f"{where}.parameters[{i}]"
        for key in ("inits", "auxdata", "factors", "sigmas", "lower_sigmas"):
            _check_numbers(settings, key, at, mistakes)
        if get(settings, "fixed") == []:
            mistakes.append(f"{at}.fixed: empty, at least one entry needed")
        bounds = get(settings, "bounds")
        if bounds == []:
            mistakes.append(f"{at}.bounds: empty, at least one pair [low, high] needed")
        for j, pair in enumerate(bounds if is_list(bounds) else ()):
            if is_list(pair) and not _is_interval(pair):
                mistakes.append(f"{at}.bounds[{j}]: {written(pair)} found, a pair [low, high] with low <= high needed")


def _check_correlation(correlation: Any, where: str, mistakes: list[str]) -> None:
    """A correlation has at least two names, each once, and a row of as many finite numbers for each."""
    _check_names(correlation, "parameters", where, mistakes)
    size, rows = len(items(correlation, "parameters")), items(correlation, "matrix")
    if size == 1:
        mistakes.append(f"{where}.parameters: one name found, at least two needed")
    if len(rows) != size:
        mistakes.append(f"{where}.matrix: {len(rows)} rows, {size} needed")
    for j, row in enumerate(rows):
        if is_list(row):
            _check_numbers({"matrix": row}, "matrix", f"{where} (row {j})", mistakes)
            if row and len(row) != size:
                mistakes.append(f"{where}.matrix[{j}]: {_counted(row)}, {size} needed")


def _check_pois(config: Any, where: str, mistakes: list[str]) -> None:
    """Several parameters of interest: each once, the first of them the one that `poi` names."""
    pois, poi = get(config, "pois"), get(config, "poi")
    _check_names(config, "pois", where, mistakes)
    if is_list(pois) and pois and isinstance(poi, str) and pois[0] != poi:
        mistakes.append(f'{where}.pois: {written(pois[0])} comes first, needed is "{poi}", which "poi" names')


def _is_interval(pair: list[Any]) -> bool:
    if not all(isinstance(value, int | float) for value in pair):
        return True  # a mistake of form
    return len(pair) == 2 and all(map(_is_finite, pair)) and pair[0] <= pair[1]


def _check_numbers(
    holder: Any, key: str, where: str, mistakes: list[str], bins: int | None = None, owner: str = ""
) -> None:
    """A list of numbers: not empty, finite, and as long as its owner has bins."""
    values = get(holder, key)
    if not is_list(values):
        return
    if not values:
        mistakes.append(f"{where}.{key}: empty, at least one number needed")
    elif bins is not None and len(values) != bins:
        mistakes.append(f"{where}.{key}: {_counted(values)}, but {owner} has {bins}")
    if not _sum_is_finite(values):
        wrong = [i for i, value in enumerate(values) if not _is_finite(value)]
        more = f" (and {len(wrong) - 1} more in this list)" if len(wrong) > 1 else ""
        if wrong:
            mistakes.append(
                f"{where}.{key}[{wrong[0]}]: {written(values[wrong[0]])} found, a finite number needed{more}"
            )


def _sum_is_finite(values: list[Any]) -> bool:
    """Cheap test of a whole list: one NaN or infinity spoils the sum. False says: look at every number."""
    try:
        return math.isfinite(sum(values))
    except (TypeError, OverflowError):
        return False


def _is_finite(value: Any) -> bool:
    """False for NaN, infinities and whole numbers too large for a float; anything else but a number is not judged."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
    except TypeError:
        return True


def _named_items(holder: Any, key: str, where: str, mistakes: list[str], may_be_empty: bool = False) -> list[Any]:
    """Return the list under `key`, having checked that it isn't empty and that no name occurs twice."""
    at = f"{where}.{key}" if where else key
    if get(holder, key) == [] and not may_be_empty:
        mistakes.append(f"{at}: empty, at least one needed")
    found = items(holder, key)
    names = [name for item in found if isinstance(name := get(item, "name"), str)]
    mistakes += [f'{at}: "{name}" occurs more than once' for name in _repeated(names)]
    return found


def _repeated(names: Iterable[Any]) -> list[Any]:
    return [name for name, count in Counter(names).items() if count > 1]


def _counted(values: list[Any]) -> str:
    return f"{len(values)} bin{'s' if len(values) != 1 else ''}"


def _at(where: str, sentence: str) -> str:
    return f"{where}: {sentence}" if where else sentence
