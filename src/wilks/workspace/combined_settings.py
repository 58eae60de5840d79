"""What becomes of the settings of parameters when two workspaces are combined, in sentences."""

from __future__ import annotations

from wilks.errors import listed
from wilks.workspace.combine import shared_modifiers
from wilks.workspace.making import names_of
from wilks.workspace.references import all_names
from wilks.workspace.spec import ParameterSettings
from wilks.workspace.workspace import Workspace

_SHOWN = 8


def settings_remarks(left: Workspace, right: Workspace, made: Workspace) -> list[str]:
    """Return what is worth knowing of the settings in the combination of two workspaces.

    Parameters that both have and that one of them sets otherwise, those that measurements have no settings for, which
    they had in their own workspace or which went with a measurement that was dropped.

    >>> import wilks
    >>> search = wilks.examples.search()
    >>> settings_remarks(search, search, search)
    []
    """
    found = []
    if differing := differing_settings(left, right):
        shown = [f'"{name}" ({", ".join(keys)})' for name, keys in list(differing.items())[:_SHOWN]]
        more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        text = f"the workspaces have other settings for {', '.join(shown)}{more}"
        found.append(f"{text}: a fit takes those of its measurement for the channels of both")
    before, lacking = lacking_settings(left) | lacking_settings(right), lacking_settings(made)
    for measurement, names in lacking.items():
        if new := [name for name in names if name not in before.get(measurement, ())]:
            found.append(f'measurement "{measurement}" has no settings for {listed(new)}: their defaults hold in it')
    ours, theirs, kept = map(_settings_of, (left, right, made))
    there = set(all_names(made.document))
    if dropped := [name for name in dict.fromkeys([*ours, *theirs]) if name not in kept and name in there]:
        found.append(f"settings of {listed(dropped)} went with a measurement that is dropped: their defaults hold")
    told = {*dropped, *(name for names in lacking.values() for name in names)}
    alone = [name for name in shared_modifiers(left, right) if (name in ours) != (name in theirs) and name not in told]
    if alone:
        found.append(f"only one workspace has settings for {listed(alone)}: they hold for the channels of both")
    return found


def lacking_settings(workspace: Workspace) -> dict[str, list[str]]:
    """Return by measurement the parameters that have settings in other measurements, but not in this one."""
    own = {m.name: names_of(m.config.parameters) for m in workspace.document.measurements}
    every = list(dict.fromkeys(name for names in own.values() for name in names))
    return {m: lacking for m, names in own.items() if (lacking := [name for name in every if name not in names])}


def differing_settings(left: Workspace, right: Workspace) -> dict[str, list[str]]:
    """Return by parameter the settings that measurements of two workspaces give it otherwise, as "bounds"."""
    ours, theirs = _settings_of(left), _settings_of(right)
    found = {}
    for name in (name for name in ours if name in theirs):
        first, *others = [*ours[name], *theirs[name]]
        keys = [k for k in first.__struct_fields__ if any(getattr(other, k) != getattr(first, k) for other in others)]
        if keys:
            found[name] = keys
    return found


def _settings_of(workspace: Workspace) -> dict[str, list[ParameterSettings]]:
    found: dict[str, list[ParameterSettings]] = {}
    for measurement in workspace.document.measurements:
        for settings in measurement.config.parameters:
            found.setdefault(settings.name, []).append(settings)
    return found
