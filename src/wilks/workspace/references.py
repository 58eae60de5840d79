"""Where a document refers to parameters by their names, beside modifiers and settings: all of these places change here.

They are functions (their names, expressions and parameters), groups, parameters of interest and correlations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from wilks.workspace.expressions import Expression, parse_expression, renamed_expression
from wilks.workspace.spec import (
    Channel,
    Correlation,
    Document,
    Function,
    Group,
    Measurement,
    MeasurementConfig,
)

Heirs = Mapping[str, list[str]]
"""Names that come in the place of old ones."""


def expressions_of(document: Document) -> dict[str, Expression]:
    """Return the expressions of a document's functions, which have been validated, by name."""
    return {f.name: parse_expression(f.expression, f.parameters) for f in document.functions or ()}


def modifier_names(channels: Iterable[Channel]) -> list[str]:
    """Return the names of all modifiers, each once."""
    return list(dict.fromkeys(m.name for channel in channels for sample in channel.samples for m in sample.modifiers))


def all_names(document: Document) -> list[str]:
    """Return the names of modifiers, of functions and of parameters that these need, each once."""
    expressions = expressions_of(document)
    needed = (name for expression in expressions.values() for name in expression.names)
    return list(dict.fromkeys([*modifier_names(document.channels), *expressions, *needed]))


def parameter_names(document: Document) -> list[str]:
    """Return the names of parameters, each once: those of modifiers that no function steers, and those of functions."""
    functions = {function.name for function in document.functions or ()}
    return [name for name in all_names(document) if name not in functions]


def steering_parameters(document: Document) -> dict[str, list[str]]:
    """Return by function the parameters that it needs, also by way of other functions."""
    expressions = expressions_of(document)
    return {f: [n for n in _closure([f], expressions) if n not in expressions] for f in expressions}


def used_functions(document: Document) -> set[str]:
    """Return the functions that steer modifiers, those that are added to the likelihood, and those that these need."""
    expressions = expressions_of(document)
    penalties = [function.name for function in document.functions or () if function.penalty]
    return {*_closure([*modifier_names(document.channels), *penalties], expressions)} & {*expressions}


def _closure(names: Iterable[str], expressions: Mapping[str, Expression]) -> list[str]:
    """Return names and all that the functions among them need, also by way of others."""
    found: dict[str, None] = dict.fromkeys(names)
    todo = list(found)
    while todo:
        name = todo.pop()
        for one in expressions[name].names if name in expressions else ():
            if one not in found:
                found[one] = None
                todo.append(one)
    return list(found)


def functions_left(before: Document, channels: list[Channel]) -> list[Function]:
    """Return the functions that other channels leave with something to do, and those that had nothing to do before.

    A penalty stays while a parameter of it acts.
    """
    expressions, used = expressions_of(before), used_functions(before)
    idle = [name for name in expressions if name not in used]
    acting = set(_closure([*modifier_names(channels), *idle], expressions))
    penalties = [
        f.name for f in before.functions or () if f.penalty and acting.intersection(_closure([f.name], expressions))
    ]
    kept = set(_closure([*acting, *penalties], expressions))
    return [function for function in before.functions or () if function.name in kept]


def renamed_functions(functions: Iterable[Function], new: Mapping[str, str]) -> list[Function]:
    """Return functions with other names, also those in their expressions."""
    found = []
    for function in functions:
        expression, parameters = renamed_expression(function.expression, function.parameters, new)
        name = new.get(function.name, function.name)
        found.append(msgspec.structs.replace(function, name=name, expression=expression, parameters=parameters))
    return found


def inherited(names: Iterable[str], heirs: Heirs) -> list[str]:
    """Return names with their heirs in their places, each once."""
    return list(dict.fromkeys(heir for name in names for heir in heirs.get(name, [name])))


def groups_inherited(groups: Iterable[Group], heirs: Heirs) -> list[Group]:
    """Return groups with heirs in the places of their parameters; groups without parameters are gone."""
    made = (msgspec.structs.replace(g, parameters=inherited(g.parameters, heirs)) for g in groups)
    return [group for group in made if group.parameters]


def pois_inherited(config: MeasurementConfig, heirs: Heirs) -> MeasurementConfig:
    """Return a configuration with heirs in the places of its parameters of interest, the first of them `poi`.

    A parameter of interest without heirs is gone; they are listed where they were listed before.
    """
    found = inherited(config.of_interest, heirs)
    poi = found[0] if found else ""
    if config.pois is None:
        return msgspec.structs.replace(config, poi=poi)
    return msgspec.structs.replace(config, poi=poi, pois=found if len(found) > 1 else None)


def correlations_renamed(measurement: Measurement, new: Mapping[str, str]) -> Measurement:
    """Return a measurement whose correlations have other names."""
    if measurement.config.correlations is None:
        return measurement
    correlations = [
        msgspec.structs.replace(c, parameters=[new.get(name, name) for name in c.parameters])
        for c in measurement.config.correlations
    ]
    config = msgspec.structs.replace(measurement.config, correlations=correlations)
    return msgspec.structs.replace(measurement, config=config)


def correlations_without(config: MeasurementConfig, gone: Collection[str]) -> MeasurementConfig:
    """Return a configuration without rows and columns of parameters that are gone; one that is left alone has none."""
    left = [one for c in config.correlations or () if len((one := _without(c, gone)).parameters) > 1]
    return msgspec.structs.replace(config, correlations=left or None)


def _without(correlation: Correlation, gone: Collection[str]) -> Correlation:
    kept = [i for i, name in enumerate(correlation.parameters) if name not in gone]
    return reordered(correlation, kept) if len(kept) < len(correlation.parameters) else correlation


def reordered(correlation: Correlation, places: list[int]) -> Correlation:
    """Return a correlation with some of its parameters, in another order."""
    names, matrix = correlation.parameters, correlation.matrix
    return Correlation([names[i] for i in places], [[matrix[i][j] for j in places] for i in places])


def correlated_in(document: Document, names: Collection[str]) -> dict[str, str]:
    """Return which of some parameters are in a correlation, and the first measurement that says so."""
    found: dict[str, str] = {}
    for measurement in document.measurements:
        for correlation in measurement.config.correlations or ():
            for name in correlation.parameters:
                if name in names:
                    found.setdefault(name, measurement.name)
    return found


def needing(document: Document, names: Collection[str]) -> dict[str, str]:
    """Return which of some names a function needs, and the first that does."""
    found: dict[str, str] = {}
    for function, expression in expressions_of(document).items():
        for name in expression.names:
            if name in names:
                found.setdefault(name, function)
    return found


def with_names(document: Document, new: Mapping[str, str]) -> Document:
    """Return a document in which all but its modifiers calls parameters and functions by new names."""

    def renamed(measurement: Measurement) -> Measurement:
        measurement = correlations_renamed(measurement, new)
        config = pois_inherited(measurement.config, heirs)
        settings = [msgspec.structs.replace(s, name=new.get(s.name, s.name)) for s in config.parameters]
        return msgspec.structs.replace(measurement, config=msgspec.structs.replace(config, parameters=settings))

    heirs = {old: [name] for old, name in new.items()}
    return msgspec.structs.replace(
        document,
        measurements=[renamed(measurement) for measurement in document.measurements],
        groups=groups_inherited(document.groups or (), heirs) or None,
        functions=renamed_functions(document.functions or (), new) or None,
    )
