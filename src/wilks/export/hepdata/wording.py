"""What is said of all tables of a submission: energy, luminosity, keywords, licence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wilks.errors import InputError
from wilks.export.hepdata.records import Qualifier

_ENERGIES = {"MeV": 1e-3, "GeV": 1.0, "TeV": 1e3}
_LUMINOSITY = re.compile(r"(?P<value>[\d.]+(?:[eE][+-]?\d+)?)\s*/?\s*(?P<unit>[afpnumμ]?b)\s*(?:\$?\^?\{?-1\}?\$?)?")


@dataclass(frozen=True)
class About:
    """Qualifiers of every column, keywords of every table, licence and abstract."""

    qualifiers: tuple[Qualifier, ...]
    energy: float | None
    reactions: tuple[str, ...]
    observables: tuple[str, ...]
    phrases: tuple[str, ...]
    license: tuple[tuple[str, str], ...]
    comment: str

    def keywords(self, observables: Sequence[str]) -> list[dict[str, Any]]:
        """Return the keywords of a table as HEPData has them; those of the table itself only where none were given."""
        found: dict[str, Sequence[Any]] = {
            "reactions": self.reactions,
            "observables": self.observables or observables,
            "cmenergies": () if self.energy is None else (self.energy,),
            "phrases": self.phrases,
        }
        return [{"name": name, "values": list(values)} for name, values in found.items() if values]


def about(
    energy: str,
    luminosity: str,
    reactions: Sequence[str],
    observables: Sequence[str],
    phrases: Sequence[str],
    license: tuple[str, str] | None,
    comment: str,
) -> About:
    """Return what is said of all tables. Raises InputError with all mistakes."""
    problems: list[str] = []
    qualifiers: list[Qualifier] = []
    if len(reactions) == 1:
        qualifiers.append(Qualifier("RE", reactions[0]))
    value = None
    if energy:
        found = re.fullmatch(r"\s*([\d.]+)\s*([MGT]eV)\s*", energy)
        if found is None or not _number(found[1]):
            problems.append(f'energy: "{energy}" is no number with MeV, GeV or TeV, such as "13 TeV"')
        else:
            value = float(found[1]) * _ENERGIES[found[2]]
            qualifiers.append(Qualifier("SQRT(S)", float(found[1]), found[2]))
    if luminosity:
        found = _LUMINOSITY.fullmatch(luminosity.strip())
        if found is None or not _number(found["value"]):
            problems.append(f'luminosity: "{luminosity}" is no number of inverse barns, such as "140 fb-1"')
        else:
            qualifiers.append(Qualifier("LUMINOSITY", float(found["value"]), f"{found['unit']}$^{{-1}}$"))
    for kind, texts in (("reactions", reactions), ("observables", observables), ("phrases", phrases)):
        problems += [f'{kind}: "{text[:20]}..." is longer than 128 characters' for text in texts if len(text) > 128]
        problems += [f"{kind}: a keyword is empty" for text in texts if not text.strip()]
    if license is not None and not (all(license) and all(len(text) <= 256 for text in license)):
        problems.append("license: a name and an address are needed, of up to 256 characters each")
    if problems:
        raise InputError(problems)
    named = () if license is None else (("name", license[0]), ("url", license[1]))
    return About(tuple(qualifiers), value, tuple(reactions), tuple(observables), tuple(phrases), named, comment.strip())


def _number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
