"""The way in: a steering file becomes a `Config`, or one error that lists every mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from pydantic.json_schema import GenerateJsonSchema

from wilks.config import (
    by_source_rules,
    combining_rules,
    constraint_rules,
    function_rules,
    input_rules,
    measurement_rules,
    model_rules,
    processing_rules,
    rules,
    source_rules,
)
from wilks.config.document import Document, read_document
from wilks.config.draft import Mistake, Parts, read_draft
from wilks.config.parameters import with_parts
from wilks.config.schema import Config
from wilks.config.wildcards import expanded
from wilks.errors import ConfigError

_RULES = (
    rules,
    source_rules,
    by_source_rules,
    input_rules,
    combining_rules,
    processing_rules,
    model_rules,
    function_rules,
    constraint_rules,
    measurement_rules,
)


def load_config(source: str | Path | Mapping[str, Any] | TextIO) -> Config:
    """Return the analysis that a steering file (path, open file or dictionary) describes.

    The keys and their meaning are cabinetry's. `Config.source` is the absolute path of the file, None where there is
    none. Raises ConfigError with all mistakes: each says where (line and key), what was found, what is allowed.

    >>> import tempfile, pathlib
    >>> text = '''
    ... General: {Measurement: "example", POI: "mu", InputPath: "in.root:{SamplePath}", HistogramFolder: "histograms"}
    ... Regions: [{Name: "SR"}]
    ... Samples: [{Name: "Data", SamplePath: "data", Data: True}, {Name: "Signal", SamplePath: "signal"}]
    ... NormFactors: [{Name: "mu", Samples: "Signal", Bounds: [0, 10]}]
    ... '''
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "config.yml"
    >>> _ = path.write_text(text)
    >>> load_config(path).norm_factors[0].bounds
    (0, 10)
    """
    document = read_document(source)
    mistakes: list[Mistake] = []
    draft = expanded(read_draft(document, mistakes))
    for module in _RULES:
        for rule in module.RULES:
            mistakes.extend(rule(draft))
    if mistakes:
        raise ConfigError(_sentences(document, mistakes))
    reserved = {*Config.model_fields, *(info.alias for info in Config.model_fields.values())}
    lists: dict[str, Parts[Any]] = {"shape_factors": draft.shape_factors, "functions": draft.functions}
    optional: dict[str, Any] = {name: tuple(found.blocks()) for name, found in lists.items() if found.parts}
    config = Config(
        general=draft.general.block,
        regions=tuple(draft.regions.blocks()),
        samples=tuple(draft.samples.blocks()),
        norm_factors=tuple(draft.norm_factors.blocks()),
        systematics=tuple(draft.systematics.blocks()),
        source=document.source,
        **optional,
        **{key: value for key, value in document.data.items() if isinstance(key, str) and key not in reserved},
    )
    return with_parts(config)


def _sentences(document: Document, mistakes: list[Mistake]) -> list[str]:
    """Return the sentences in the order of the file, each once."""
    in_order = sorted(mistakes, key=lambda mistake: document.line(mistake.path))
    return list(dict.fromkeys(f"{document.place(mistake.path)}: {mistake.text}" for mistake in in_order))


class _EditorSchema(GenerateJsonSchema):
    """Schema without pydantic's made-up titles and without empty defaults, which an editor would offer to insert."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def config_json_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of the steering file, for editors: keys, types, descriptions.

    It can't express what holds between blocks (names that must exist, say): `load_config` checks that.

    >>> from wilks.config.load import config_json_schema
    >>> config_json_schema()["required"]
    ['General', 'Regions', 'Samples', 'NormFactors']
    """
    schema = Config.model_json_schema(by_alias=True, schema_generator=_EditorSchema)
    schema["title"] = "wilks steering file"
    schema["description"] = "A binned template analysis: regions, samples, free factors and systematics"
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
