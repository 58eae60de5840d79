"""Templates made by functions of the user's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, TypeAlias, TypeVar

from wilks.config.schema import Block, Config
from wilks.histogram import Histogram
from wilks.templates.sources import blocks_of
from wilks.templates.store import TemplateKey

Builder: TypeAlias = Callable[[dict[str, Any], dict[str, Any], dict[str, Any], Any], Any]
_Function = TypeVar("_Function", bound=Builder)


@dataclass(frozen=True)
class _Entry:
    function: Builder
    region_name: str
    sample_name: str
    systematic_name: str
    template: str | None

    def matches(self, key: TemplateKey) -> bool:
        names = (
            (self.region_name, key.region),
            (self.sample_name, key.sample),
            (self.systematic_name, key.systematic or ""),
        )
        return all(fnmatch(name, pattern) for pattern, name in names) and self._matches_side(key.side)

    def _matches_side(self, side: str | None) -> bool:
        if self.template is None or side is None:
            return self.template == "*" or self.template is side
        return fnmatch(side, self.template)


@dataclass
class Router:
    """Functions that return the histogram of the templates whose names match.

    A function is called with the steering file's blocks of region, sample and systematic, as dictionaries with the
    file's keys, and with "Up", "Down" (of several that are combined "Variations[0]" and so on) or None (then the
    systematic is empty). It returns any one-dimensional histogram of the UHI protocol: boost-histogram, hist,
    `wilks.Histogram`.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> router = wilks.Router()
    >>> @router.register_template_builder(sample_name="Fakes", template=None)
    ... def data_driven(region, sample, systematic, template):
    ...     return wilks.Histogram.from_arrays([0, 40, 80, 120, 180, 300], [95, 40, 15, 8, 2], [9, 6, 4, 3, 1])
    >>> templates = wilks.build_templates(config, router=router)
    >>> templates.nominal("muons", "Fakes").integral
    160.0
    """

    _entries: list[_Entry] = field(default_factory=list)

    def register_template_builder(
        self, *, region_name: str = "*", sample_name: str = "*", systematic_name: str = "*", template: str | None = "*"
    ) -> Callable[[_Function], _Function]:
        """Return a decorator that registers a function for all templates whose names match these patterns.

        Patterns are those of the shell (`*`, `?`, `[abc]`). `template` None is the nominal one only, "*" all, another
        pattern never the nominal one.
        """

        def register(function: _Function) -> _Function:
            self._entries.append(_Entry(function, region_name, sample_name, systematic_name, template))
            return function

        return register

    def histograms(self, config: Config, keys: Sequence[TemplateKey]) -> dict[TemplateKey, Histogram]:
        """Return what the functions make of those of the templates that they match.

        Where several match, the first counts, with a warning. Raises TypeError where a function returns no histogram,
        and TemplateError where it has more than one axis.
        """
        found = {}
        for key in keys:
            matching = [entry.function for entry in self._entries if entry.matches(key)]
            if not matching:
                continue
            function = matching[0]
            if len(matching) > 1:
                text = f"{key}: found {len(matching)} matches, continuing with the first one ({_name(function)})"
                warnings.warn(text, stacklevel=3)
            found[key] = _called(function, config, key)
        return found

    def function_for(self, key: TemplateKey) -> str:
        """Return the name of the function that makes a template, empty if none does."""
        return next((_name(entry.function) for entry in self._entries if entry.matches(key)), "")


def _called(function: Builder, config: Config, key: TemplateKey) -> Histogram:
    region, sample, systematic = blocks_of(config, key)
    made = function(_keys(region), _keys(sample), _keys(systematic), key.side)
    if isinstance(made, Histogram):
        return made
    try:
        return Histogram.from_uhi(made)
    except (AttributeError, TypeError, ValueError):
        kind = type(made).__name__
        text = f"{_name(function)} must return a boost_histogram.Histogram, or another UHI histogram, found a {kind}"
        raise TypeError(text) from None


def _keys(block: Block | None) -> dict[str, Any]:
    """Return a block as the steering file has it."""
    return {} if block is None else block.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _name(function: Builder) -> str:
    return getattr(function, "__name__", repr(function))
