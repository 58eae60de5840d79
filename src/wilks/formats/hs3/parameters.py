"""Parameters of an HS3 model: which modifiers each one steers, and what constrains it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wilks.errors import nearest
from wilks.formats.hs3.channels import PER_BIN, WORDS, Effect, HS3Channel, HS3Sample, interpolation
from wilks.formats.hs3.functions import Functions
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.tables import Tables
from wilks.formats.hs3.terms import FLAT, FREE, Term, Terms, is_word

_AROUND_ZERO = ("normsys", "histosys")


@dataclass(frozen=True)
class Use:
    """Where a modifier acts. `scaled` is the parameter or function of a normfactor, normsys or histosys."""

    channel: HS3Channel
    sample: HS3Sample
    effect: Effect
    scaled: str = ""


@dataclass
class Scalar:
    """A single parameter; `kind` is "alpha" (it interpolates), "factor", "lumi", or "free" (in functions only)."""

    name: str
    kind: str
    uses: list[Use] = field(default_factory=list)


@dataclass
class Vector:
    """Parameters of bins that belong together; `kind` is "staterror", "shapesys" or "shapefactor".

    `widths` are relative uncertainties, of a staterror only where distributions of the file give them (`given`); `held`
    says that all are constant.
    """

    names: tuple[str, ...]
    kind: str
    uses: list[Use] = field(default_factory=list)
    constraint: str = "none"
    widths: list[float] = field(default_factory=list)
    held: bool = False
    given: bool = False


@dataclass
class Gathered:
    """All parameters of a model by name (of the first bin), in order of use."""

    scalars: dict[str, Scalar] = field(default_factory=dict)
    vectors: dict[tuple[str, ...], Vector] = field(default_factory=dict)
    uses: dict[int, list[Use]] = field(default_factory=dict)


def gather(file: Tables, channels: Iterable[HS3Channel], functions: Functions) -> Gathered:
    """Return which modifiers each parameter steers; factors that are products are taken apart."""
    found = Gathered()
    owners: dict[str, tuple[str, ...]] = {}
    for channel in channels:
        for sample in channel.samples:
            acting: list[Use] = []
            for effect in sample.effects:
                if effect.kind in PER_BIN:
                    acting.append(Use(channel, sample, effect))
                    _into_vectors(found, acting[-1], owners)
                    continue
                for use in _scalar_uses(file, channel, sample, effect, functions):
                    acting.append(use)
                    if use.scaled not in functions:
                        _into_scalars(found, use)
            found.uses[id(sample)] = acting
    for name in functions.dependencies():
        if name not in found.scalars and name not in owners:
            found.scalars[name] = Scalar(name, "free")
    for name in sorted(set(owners) & (set(found.scalars) | set(functions.dependencies()))):
        vector = found.vectors.get(owners[name])
        if vector is not None:
            node = vector.uses[0].effect.node
            node.wrong(f'"{name}" is a parameter of bins, and a single one elsewhere', "parameters")
    return found


def _scalar_uses(
    file: Tables, channel: HS3Channel, sample: HS3Sample, effect: Effect, functions: Functions
) -> list[Use]:
    name, node = effect.parameters[0], effect.node
    if effect.kind == "custom" and name not in functions:
        known = file.functions
        node.wrong(f'no function "{name}"{nearest(name, known)}', "name")
        return []
    if effect.kind in _AROUND_ZERO:
        if name in functions:
            functions.use(name)
        return [Use(channel, sample, effect, name)]
    uses = []
    for part in functions.parts(name):
        if part.node is None:
            called = effect.name if part.name == name else part.name
            made = Effect(node, "normfactor", called, (part.name,), effect.constraints)
        else:
            low, high = (part.node.numbers(key)[part.index : part.index + 1] for key in ("low", "high"))
            codes = part.node.value.get("interpolationCodes")
            one = {"interpolation": codes[part.index]} if isinstance(codes, list) and part.index < len(codes) else {}
            at = Node(one, part.node.at, part.node.mistakes)
            code = interpolation(file, at, Node({}, "", part.node.mistakes), "normsys")
            short = part.name.removeprefix("alpha_")
            lo, hi = (low or [1.0])[0], (high or [1.0])[0]
            made = Effect(node, "normsys", short, (part.name,), (None,), lo, hi, (), code)
        uses.append(Use(channel, sample, made, part.name))
    return uses


def _into_scalars(found: Gathered, use: Use) -> None:
    kind = "alpha" if use.effect.kind in _AROUND_ZERO else "factor"
    scalar = found.scalars.setdefault(use.scaled, Scalar(use.scaled, kind))
    if kind == "alpha":
        scalar.kind = "alpha"
    scalar.uses.append(use)


def _into_vectors(found: Gathered, use: Use, owners: dict[str, tuple[str, ...]]) -> None:
    names, node = use.effect.parameters, use.effect.node
    for name in names:
        if owners.setdefault(name, names) != names:
            node.wrong(f'"{name}" stands in another list of parameters too; lists must be the same', "parameters")
            return
    vector = found.vectors.setdefault(names, Vector(names, use.effect.kind))
    if vector.kind != use.effect.kind:
        node.wrong(f"the same parameters as those of a {vector.kind}; other names needed", "parameters")
        return
    vector.uses.append(use)


@dataclass(frozen=True)
class Extra:
    """Constraint terms that stand in the likelihood itself, not at a modifier, by parameter."""

    terms: dict[str, list[Node]]


def extra_terms(file: Tables, nodes: Iterable[Node], names: set[str]) -> Extra:
    """Return the constraint terms of a likelihood by the parameter they are about."""
    found: dict[str, list[Node]] = {}
    for node in nodes:
        about: list[str] = []
        for key in ("x", "mean"):
            value = node.value.get(key)
            listed = value if isinstance(value, list) else [value]
            for one in listed:
                if isinstance(one, str) and one in names:
                    about.append(one)
                elif isinstance(one, str) and one in file.functions:
                    factors = file.functions[one].value.get("factors")
                    about += (
                        [f for f in factors if isinstance(f, str) and f in names] if isinstance(factors, list) else []
                    )
        if not about:
            node.wrong("a constraint of nothing: none of the parameters it names is in the model")
        for name in dict.fromkeys(about):
            found.setdefault(name, []).append(node)
    return Extra(found)


def term_of(scalar: Scalar, terms: Terms, extra: Extra) -> tuple[Term, bool]:
    """Return the constraint of a single parameter, and whether a word at a modifier holds it constant."""
    found: list[tuple[Term, Node]] = []
    held = False
    for use in scalar.uses:
        said, node = use.effect.constraints[0], use.effect.node
        if said is None or (use.effect.kind == "normfactor" and use.effect.parameters[0] != scalar.name):
            continue
        if is_word(said) and said not in terms.file.distributions:
            word = WORDS[said.casefold()]
            held = held or word == "const"
            if word == "lognormal" and scalar.kind == "alpha":
                terms.file.tell(node.place(), f'"{said}" of an interpolation is a standard normal, as in older ROOT')
            elif word in ("lognormal", "poisson"):
                node.wrong(
                    f'"{said}" found; allowed are "Gauss" and "Const"', node.first("constraint_type", "constraint")
                )
        elif (term := terms.named(said, scalar.name, node)) is not None:
            found.append((term, node))
    for node in extra.terms.get(scalar.name, ()):
        if (term := terms.about(node, scalar.name)) is not None:
            found.append((term, node))
    for term, node in found[1:]:
        if not term.same(found[0][0]):
            node.wrong(f'another constraint of "{scalar.name}" than at {found[0][1].place()}')
    if found:
        term = found[0][0]
        return (FREE if term.kind == "normal" and term.width >= FLAT else term), held
    if held or scalar.kind != "alpha":
        return FREE, held
    centre = terms.values.value(f"nom_{scalar.name}")
    return Term("normal", 0.0 if centre is None else centre, 1.0), held


def resolve(vector: Vector, terms: Terms, extra: Extra, meaning: str) -> None:
    """Find out what constrains parameters of bins: its kind, and the widths where modifiers or distributions say."""
    use = vector.uses[0]
    node = use.effect.node
    kinds, widths = [], []
    for b, name in enumerate(vector.names):
        kind, width = _of_bin(vector, b, name, terms, extra, meaning)
        kinds.append(kind)
        widths.append(width)
    held = {kind for kind in kinds if kind == "const"}
    vector.given = all(width is not None for width in widths)
    vector.held = bool(held) and set(kinds) == held
    if (
        meaning == "tau"
        and use.effect.vals
        and not any(use.effect.vals)
        and not any(map(terms.values.knows, vector.names))
    ):
        vector.held = True  # ROOT held them constant in files of this version
    said = {kind for kind, width in zip(kinds, widths, strict=True) if kind in ("normal", "poisson") and width != 0.0}
    if len(said) > 1:
        node.wrong("normal and Poisson constraints in one list of parameters; one kind can be read")
    vector.constraint = next(iter(said)) if said else "none"
    vector.widths = [0.0 if width is None else width for width in widths]
    if vector.kind == "staterror":
        vector.constraint = next((kind for kind in ("normal", "poisson") if kind in kinds), "none")
    elif vector.constraint == "none" and kinds[0] in ("normal", "poisson") and node.child("data").has("uncertainties"):
        vector.constraint = kinds[0]  # wilks wrote a shapesys without any width
    elif vector.constraint == "none":
        vector.kind = "shapefactor"


def _of_bin(vector: Vector, b: int, name: str, terms: Terms, extra: Extra, meaning: str) -> tuple[str, float | None]:
    """Return kind and relative width of the constraint of one bin; a width of None is to come from yields."""
    use = vector.uses[0]
    said, node = use.effect.constraints[b], use.effect.node
    term: Term | None = None
    if name in extra.terms:
        term = terms.about(extra.terms[name][0], name)
    elif said is not None and not is_word(said):
        term = terms.named(said, name, node)
    if term is not None:
        width = term.width if term.kind == "normal" else term.width**-0.5 if term.kind == "poisson" else 0.0
        return term.kind, float(width)
    if vector.kind == "shapefactor":
        return ("const" if said is not None and WORDS.get(said.casefold()) == "const" else "none"), 0.0
    struct = use.channel.node.child("staterror")
    if said is None and vector.kind == "staterror":
        key = struct.first("constraint_type", "constraint")
        said = struct.text(key) if struct.has(key) else None
    if said is None:
        kind = "poisson"
        if b == 0:
            terms.file.tell(node.place(), f"{vector.kind} without constraint: Poisson, as in ROOT", "read as")
    else:
        kind = WORDS.get(said.casefold(), "poisson")
    if kind == "none":
        return kind, 0.0
    if kind == "lognormal":
        node.wrong(
            f'"{said}" found; allowed are "Gauss", "Poisson" and "Const"', node.first("constraint_type", "constraint")
        )
        kind = "normal"
    if vector.kind == "staterror":
        return kind, None
    return kind, _width(use, b, kind, meaning)


def _width(use: Use, b: int, kind: str, meaning: str) -> float:
    """Return the relative uncertainty that a shapesys gives for a bin."""
    value = float(use.effect.vals[b]) if use.effect.vals else 0.0
    if value < 0:
        use.effect.node.child("data").wrong(f"{value} found, not below 0 needed", f"vals[{b}]")
        return 0.0
    if value == 0 or kind == "const":
        return 0.0
    if meaning == "absolute":
        nominal = float(use.sample.contents[b])
        return value / nominal if nominal > 0 else 0.0
    return value**-0.5 if meaning == "tau" and kind == "poisson" else value


def names_of(found: Gathered) -> set[str]:
    """Return the names of all parameters."""
    return {*found.scalars, *(name for names in found.vectors for name in names)}


def value_or(value: Any, default: float) -> Any:
    """Return a value, or the default where there is none."""
    return default if value is None else value
