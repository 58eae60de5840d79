"""Names of parameters in the workspace: those of the modifiers where they are clear, else from the parameters' own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_BIN = re.compile(r"_bin(_\d+)+$|_\d+$")


@dataclass(frozen=True)
class Candidate:
    """A parameter, or the parameters of bins that belong together; names of the modifiers they steer, their type."""

    parameters: tuple[str, ...]
    modifiers: tuple[str, ...]
    kind: str

    @property
    def stem(self) -> str:
        """The name without what ROOT puts around it: alpha_, gamma_ and the number of the bin."""
        if self.kind in ("normsys", "histosys"):
            return self.parameters[0].removeprefix("alpha_") or self.parameters[0]
        if self.kind in ("normfactor", "free"):
            return self.parameters[0]
        stems = {_BIN.sub("", name) for name in self.parameters}
        stem = next(iter(stems)) if len(stems) == 1 else ""
        return stem.removeprefix("gamma_") or stem or self.parameters[0]


def document_names(candidates: Sequence[Candidate], taken: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """Return a name for each candidate, no two alike and none of those that are taken.

    One that is `known` for the first parameter is taken. Else the name of its modifiers, if they have one and no other
    candidate's have it; else the stem of the parameters; else the name of the first parameter, numbered where that is
    needed. ROOT's name "staterror" for modifiers says nothing; those of channel SR become "staterror_SR".
    """
    uses = Counter(name for candidate in candidates for name in set(candidate.modifiers))
    firsts = [candidate.parameters[0] for candidate in candidates]
    wishes = [known[f] if f in known else _wish(c, uses) for f, c in zip(firsts, candidates, strict=True)]
    count = Counter(wishes)
    given: set[str] = set(taken)
    names: list[str] = []
    for candidate, wish in zip(candidates, wishes, strict=True):
        options = [wish] if count[wish] == 1 else []
        options += [candidate.stem, candidate.parameters[0]]
        free = next((name for name in options if name not in given), None)
        number = 2
        while free is None:
            numbered = f"{candidate.parameters[0]}_{number}"
            free, number = (numbered if numbered not in given and numbered not in count else None), number + 1
        given.add(free)
        names.append(free)
    return names


def _wish(candidate: Candidate, uses: Counter[str]) -> str:
    if candidate.kind == "lumi":
        return "lumi"
    names = set(candidate.modifiers)
    if candidate.kind == "staterror" and names == {"staterror"} and candidate.stem.startswith("stat_"):
        return f"staterror_{candidate.stem.removeprefix('stat_')}"  # as pyhf and cabinetry call it
    if len(names) == 1 and uses[next(iter(names))] == 1:
        return next(iter(names))
    return candidate.stem
