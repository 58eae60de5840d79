"""All templates of an analysis, and the one file that keeps them."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

from wilks._files import write_atomically
from wilks._reading import parse_json, read_arrays, read_file
from wilks._types import FloatArray, JSONDict
from wilks.errors import TemplateError, listed, nearest
from wilks.histogram import Axis, Histogram
from wilks.templates.record import Effect, Origin, Step, effect_of, json_of, packed, readable, unpacked

Side = Literal["Up", "Down"]
SIDES: tuple[Side, ...] = get_args(Side)

_FORMAT = "wilks templates 3"
_NUMBERS = ("edges", "contents", "sumw2", "outside", "entries")


@dataclass(frozen=True)
class TemplateKey:
    """Which template: of a sample in a region, nominal (no systematic) or one side of a systematic.

    A side is "Up" or "Down"; of a systematic that combines several variations, "Variations[0]" and so on besides.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> from wilks.templates.store import TemplateKey
    >>> f"{wilks.build_templates(config)[TemplateKey('muons', 'ZZ')].integral:.0f}"
    '148'
    """

    region: str
    sample: str
    systematic: str | None = None
    side: str | None = None

    def __str__(self) -> str:
        varied = f', "{self.systematic}" {self.side}' if self.systematic is not None else ""
        return f'"{self.sample}" in "{self.region}"{varied}'


@dataclass(frozen=True)
class EventsRead:
    """What was read to fill templates from ntuples: files, entries, bytes, and sentences on what is worth knowing.

    `skipped` are files that can't be read, and were left out because somebody asked for it.
    """

    files: int
    entries: int
    bytes_read: int
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def __str__(self) -> str:
        files = f"{self.files} file{'s'[: self.files != 1]}"
        skipped = f", {len(self.skipped)} left out" if self.skipped else ""
        return f"{self.entries} entries of {files}{skipped}, {self.bytes_read / 1e6:.1f} MB read"


@dataclass(frozen=True, eq=False)
class Templates(Mapping[TemplateKey, Histogram]):
    """Histograms by `TemplateKey`, in the order of the steering file.

    `originals` has the histograms that processing changed, as they were before; `steps` what was done to each template,
    in order; `effects` what each systematic does to each sample in each region, and which parts of it are kept
    (see `effect`). Before `process_templates` there are steps only where `Binning` changed the bins of the input, the
    others are empty. `events` says what was read from ntuples, and
    `origins` where each template comes from; what processing makes anew has none. The templates in `reused` were made
    before, of the same things.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.build_templates(config)
    >>> templates.nominal("muons", "WZ").integral > templates.nominal("muons", "ZZ").integral
    True
    """

    histograms: Mapping[TemplateKey, Histogram]
    originals: Mapping[TemplateKey, Histogram] = field(default_factory=dict)
    steps: Mapping[TemplateKey, tuple[Step, ...]] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    events: EventsRead | None = None
    origins: Mapping[TemplateKey, Origin] = field(default_factory=dict)
    reused: tuple[TemplateKey, ...] = ()
    _effects: Mapping[tuple[str, str, str], Effect] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("histograms", "originals", "steps", "origins"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "_effects", {(e.region, e.sample, e.systematic): e for e in self.effects})

    def __reduce__(self) -> tuple[type[Templates], tuple[Any, ...]]:
        values = [getattr(self, one.name) for one in fields(self) if one.init]
        return Templates, tuple(dict(value) if isinstance(value, MappingProxyType) else value for value in values)

    def __repr__(self) -> str:
        counts = [f"{len(self._known(part))} {part}s" for part in ("region", "sample", "systematic")]
        return f"<Templates: {len(self)} histograms, {', '.join(counts)}>"

    def nominal(self, region: str, sample: str) -> Histogram | None:
        """Return the nominal template, or None where the sample has none in this region.

        Raises KeyError, with the nearest name, for a region or sample of which there is no template at all.
        """
        found = self.histograms.get(TemplateKey(region, sample))
        if found is None:
            self._require(region=region, sample=sample)
        return found

    def variation(self, region: str, sample: str, systematic: str, side: Side) -> Histogram | None:
        """Return the template of one side ("Up" or "Down") of a systematic.

        None where region, sample and systematic have templates, but not this one: the systematic does not act there, or
        this side mirrors the other. Raises KeyError, with the nearest name, for a region, sample or systematic of which
        there is no template at all (one of Type Normalization needs none).
        """
        found = self.histograms.get(TemplateKey(region, sample, systematic, side))
        if found is None:
            self._require(region=region, sample=sample, systematic=systematic)
            if side not in SIDES:
                raise KeyError(f'a side is "Up" or "Down", not "{side}"{nearest(side, SIDES)}')
        return found

    def combined(self, region: str, sample: str, systematic: str) -> tuple[TemplateKey, ...]:
        """Return the keys of the variations that are combined to both sides of a systematic; none for most of them."""
        keys: list[TemplateKey] = []
        while (key := TemplateKey(region, sample, systematic, f"Variations[{len(keys)}]")) in self.histograms:
            keys.append(key)
        return tuple(keys)

    def _require(self, **names: str) -> None:
        for part, name in names.items():
            known = self._known(part)
            if name not in known:
                hint = nearest(name, known) or f"; there are {listed(known) or 'none'}"
                raise KeyError(f'no {part} "{name}" among these templates{hint}')

    def _known(self, part: str) -> list[str]:
        """Return the names of the regions, samples or systematics that have templates."""
        return list(dict.fromkeys(name for key in self.histograms if (name := getattr(key, part)) is not None))

    def original(self, key: TemplateKey) -> Histogram:
        """Return the template as it was before processing; KeyError where there is none."""
        return self.originals[key] if key in self.originals else self.histograms[key]

    def effect(self, region: str, sample: str, systematic: str) -> Effect | None:
        """Return what a systematic does to a sample in a region; None before processing, and where it does not act."""
        return self._effects.get((region, sample, systematic))

    def record(self) -> JSONDict:
        """Return what was done, as JSON data: yield, entries and steps of each template, effects of each systematic.

        The first step, `read`, has the input: of each part that was summed the files, as a number in the list `inputs`
        (counted from 0), the path of histogram or tree inside them, and the expressions that were evaluated.
        """
        templates = []
        inputs: dict[tuple[str, ...], int] = {}
        for key, histogram in self.histograms.items():
            variance = float(histogram.sumw2.sum())
            read = [{"name": "read"} | packed(self.origins[key], inputs)] if key in self.origins else []
            labels = {"bin_labels": list(histogram.axis.bin_labels)} if histogram.axis.bin_labels else {}
            templates.append(
                asdict(key)
                | labels
                | {
                    "yield": histogram.integral,
                    "entries": histogram.entries,
                    "effective_entries": histogram.integral**2 / variance if variance > 0 else None,
                    "steps": read + [json_of(step) for step in self.steps.get(key, ())],
                }
            )
        effects = [json_of(effect) | {"status": effect.status} for effect in self.effects]
        events = asdict(self.events) if self.events is not None else None
        document: JSONDict = {"events": events, "inputs": list(inputs), "templates": templates, "effects": effects}
        made: JSONDict = readable(document)
        return made

    def save(self, path: str | Path) -> None:
        """Write all templates, and what was done to them, to one file, read again by `load_templates`."""
        rows = [(key, histogram, False) for key, histogram in self.histograms.items()]
        rows += [(key, histogram, True) for key, histogram in self.originals.items()]
        index = [_index_row(key, histogram, original) for key, histogram, original in rows]
        inputs: dict[tuple[str, ...], int] = {}
        for row, key in zip(index, self.histograms, strict=False):  # the originals follow
            if key in self.origins:
                row["origin"] = packed(self.origins[key], inputs)
            if self.steps.get(key):
                row["steps"] = [[step.name, dict(step.numbers)] for step in self.steps[key]]
        effects = [json_of(effect) for effect in self.effects]
        document: JSONDict = {"format": _FORMAT, "inputs": list(inputs), "templates": index, "effects": effects}
        if self.events is not None:
            document["events"] = asdict(self.events)
        histograms = [histogram for _, histogram, _ in rows]
        arrays: dict[str, Any] = {
            "index": np.frombuffer(json.dumps(document).encode(), dtype=np.uint8),
            "edges": _joined([histogram.axis.edges for histogram in histograms]),
            "contents": _joined([histogram.contents for histogram in histograms]),
            "sumw2": _joined([histogram.sumw2 for histogram in histograms]),
            "outside": _joined([np.array([histogram.underflow, histogram.overflow]) for histogram in histograms]),
            "entries": np.array([np.nan if h.entries is None else h.entries for h in histograms], dtype=np.float64),
        }
        stream = io.BytesIO()
        np.savez_compressed(stream, digest=_digest(arrays), **arrays)
        write_atomically(path, stream.getvalue())

    def __getitem__(self, key: TemplateKey) -> Histogram:
        return self.histograms[key]

    def __iter__(self) -> Iterator[TemplateKey]:
        return iter(self.histograms)

    def __len__(self) -> int:
        return len(self.histograms)


def load_templates(path: str | Path) -> Templates:
    """Return the templates that `Templates.save` wrote.

    Raises TemplateError where the file is missing, broken or something else.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> wilks.build_templates(config).save("templates.npz")
    >>> wilks.load_templates("templates.npz")
    <Templates: 18 histograms, 2 regions, 4 samples, 2 systematics>
    """
    try:
        content = read_file(path)
    except OSError as error:
        raise TemplateError(f"{path}: {'no such file' if error.errno == errno.ENOENT else error.strerror}") from error
    try:
        arrays = read_arrays(content)
        if not np.array_equal(arrays.pop("digest"), _digest(arrays)):
            raise ValueError("its parts are not those that were written together")
        index = parse_json(arrays["index"].tobytes())
        if index["format"] != _FORMAT:
            raise ValueError(index["format"])
        effects = tuple(effect_of(row) for row in index.get("effects", ()))
        events = index.get("events")
        if events is not None:
            events = EventsRead(**events | {name: tuple(events.get(name, ())) for name in ("notes", "skipped")})
        rows, inputs = index["templates"], index.get("inputs", ())
        origins = {_key_of(row): unpacked(row["origin"], inputs) for row in rows if "origin" in row}
        return replace(_unpacked(rows, arrays), effects=effects, events=events, origins=origins)
    except Exception as error:  # NumPy, zipfile, zlib and json each have their own for a damaged file
        raise TemplateError(f"{path}: not a file of templates that this version of wilks reads, or damaged") from error


def _index_row(key: TemplateKey, histogram: Histogram, original: bool) -> JSONDict:
    row = {
        "region": key.region,
        "sample": key.sample,
        "systematic": key.systematic,
        "side": key.side,
        "original": original,
        "bins": len(histogram.axis),
        "label": histogram.axis.label,
        "unit": histogram.axis.unit,
        "title": histogram.title,
    }
    few = {"bin_labels": histogram.axis.bin_labels, "remarks": histogram.remarks}
    return row | {name: texts for name, texts in few.items() if texts}


def _key_of(row: JSONDict) -> TemplateKey:
    return TemplateKey(row["region"], row["sample"], row["systematic"], row["side"])


def _unpacked(rows: list[JSONDict], arrays: dict[str, Any]) -> Templates:
    """Return histograms, originals and steps."""
    histograms: dict[TemplateKey, Histogram] = {}
    originals: dict[TemplateKey, Histogram] = {}
    steps: dict[TemplateKey, tuple[Step, ...]] = {}
    bins = sum(row["bins"] for row in rows)
    sizes = dict(zip(_NUMBERS, (bins + len(rows), bins, bins, 2 * len(rows), len(rows)), strict=True))
    if any(arrays[name].dtype != np.float64 or arrays[name].shape != (size,) for name, size in sizes.items()):
        raise ValueError("the index does not fit the numbers")
    start = 0
    for i, row in enumerate(rows):
        stop = start + row["bins"]
        # Every histogram has one more edge than bins, so its edges start i places further on.
        edges = arrays["edges"][start + i : stop + i + 1]
        axis = Axis(edges, row["label"], row["unit"], tuple(row.get("bin_labels", ())))
        underflow, overflow = map(float, arrays["outside"][2 * i : 2 * i + 2])
        entries = float(arrays["entries"][i])
        key = _key_of(row)
        if "steps" in row:
            steps[key] = tuple(Step(name, numbers) for name, numbers in row["steps"])
        (originals if row["original"] else histograms)[key] = Histogram(
            axis,
            arrays["contents"][start:stop],
            arrays["sumw2"][start:stop],
            underflow,
            overflow,
            None if np.isnan(entries) else entries,
            row["title"],
            remarks=tuple(row.get("remarks", ())),
        )
        start = stop
    return Templates(histograms, originals, steps)


def _digest(arrays: Mapping[str, Any]) -> Any:
    """Return a digest of all that belongs together: of one part without the other nothing could be said."""
    digest = hashlib.sha256()
    for name in ("index", *_NUMBERS):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape} ".encode() + arrays[name].tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


def _joined(arrays: list[FloatArray]) -> FloatArray:
    return np.concatenate([np.empty(0), *arrays])
