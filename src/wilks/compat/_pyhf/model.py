"""`Model`: a pyhf model whose likelihood is that of wilks; pyhf's arrays are made only when something needs them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any
from weakref import WeakValueDictionary

import msgspec
import numpy as np
import pyhf
import pyhf.pdf
from pyhf.modifiers import histfactory_set
from pyhf.tensor.common import _tensorviewer_from_sizes

from wilks._engine import Dataset
from wilks._types import FloatArray
from wilks.compat._pyhf.backends import arrays_of_numpy, hides_graphs
from wilks.compat._pyhf.memory import Memory
from wilks.compat._pyhf.parameters import fill
from wilks.compat._pyhf.validation import own_schema, refuse_extensions
from wilks.compat.ledger import LEDGER
from wilks.model.compile import compile_model
from wilks.model.model import Model as Core

log = logging.getLogger("wilks.compat")

# What pyhf takes where `modifier_settings` are given and say nothing: the defaults of its classes, not of its models.
_NORMSYS, _HISTOSYS = "code1", "code0"


MADE: WeakValueDictionary[int, Model] = WeakValueDictionary()
"""The served models that are in use, the last one last."""


class Model(pyhf.pdf.Model):  # type: ignore[misc]
    """A pyhf model that wilks evaluates and fits.

    `core` is the wilks model, None where it can't be served exactly; `unserved` then says why, and everything is
    pyhf's own.
    """

    core: Core | None = None
    unserved: str = ""

    def __init__(
        self,
        spec: Mapping[str, Any],
        modifier_set: Any = None,
        batch_size: int | None = None,
        validate: bool = True,
        clip_sample_data: float | None = None,
        clip_bin_data: float | None = None,
        **config_kwargs: Any,
    ) -> None:
        self.unserved = _unusual(modifier_set, batch_size, clip_sample_data, clip_bin_data, config_kwargs)
        settings = config_kwargs.get(
            "modifier_settings", {"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}}
        )
        if not self.unserved:
            with LEDGER.serving("model"):
                self.core = self._compiled(spec, settings)
                if self.core is not None:
                    self._configure(spec, settings, validate, config_kwargs.get("poi_name", _default_poi()))
                    return
            LEDGER.served["model"] -= 1
        refuse_extensions(spec)  # without validation pyhf would pass over them
        with LEDGER.passing("model", self.unserved):
            super().__init__(spec, modifier_set, batch_size, validate, clip_sample_data, clip_bin_data, **config_kwargs)

    def _compiled(self, spec: Mapping[str, Any], settings: Mapping[str, Any]) -> Core | None:
        """Return the wilks model of a specification, None (and `unserved`) where it would not be pyhf's."""
        codes = {
            "normsys": settings.get("normsys", {}).get("interpcode", _NORMSYS),
            "histosys": settings.get("histosys", {}).get("interpcode", _HISTOSYS),
        }
        try:
            self.unserved = _different(spec, codes["histosys"])
            return None if self.unserved else compile_model(spec, **codes)
        except Exception as error:  # whatever it is, pyhf has its own word for it, or makes the model
            self.unserved = f"wilks does not take the model: {str(error).splitlines()[0]}"
            return None

    def _configure(self, spec: Mapping[str, Any], settings: Any, validate: bool, poi: str | None) -> None:
        """Fill the attributes of a pyhf model."""
        self.batch_size = None
        self.spec = _copied(spec)
        self.schema, self.version = "model.json", None
        if validate:
            pyhf.pdf.log.info(f"Validating spec against schema: {self.schema}")
            if not own_schema(None):  # by its own schema the specification has been held already
                pyhf.schema.validate(self.spec, self.schema)
        self._config = pyhf.pdf._ModelConfig(self.spec, modifier_settings=settings)
        assert self.core is not None
        fill(self._config, self.core, self.spec)
        if poi:
            self._config.set_poi(poi)
        self.memory = Memory()
        self._prepared: tuple[bytes, Dataset] | None = None
        MADE.pop(id(self), None)
        MADE[id(self)] = self

    @cached_property
    def original(self) -> Any:
        """The same model as pyhf makes it."""
        made = object.__new__(pyhf.pdf.Model)
        settings = {"modifier_settings": self.config.modifier_settings, "poi_name": self.config.poi_name}
        pyhf.pdf.Model.__init__(made, self.spec, validate=False, **settings)
        return made

    @cached_property
    def main_model(self) -> Any:
        """The main term; its rates are wilks', everything else is pyhf's and made when it is asked for."""
        return MainModel(self)

    @cached_property
    def constraint_model(self) -> Any:
        """The constraint terms, pyhf's own."""
        return pyhf.pdf._ConstraintModel(config=self.config, batch_size=None)

    @cached_property
    def fullpdf_tv(self) -> Any:
        """How main and auxiliary data make up the data."""
        sizes = [self.config.nmaindata]
        if self.constraint_model.has_pdf():
            sizes.append(self.config.nauxdata)
        return _tensorviewer_from_sizes(sizes, ["main", "aux"], None)

    def __getstate__(self) -> dict[str, Any]:
        # What is cached is made anew where it is needed.
        left_out = {"original", "main_model", "constraint_model", "fullpdf_tv"} if self.core is not None else set()
        state = {name: value for name, value in self.__dict__.items() if name not in left_out}
        return {**state, "memory": Memory(), "_prepared": None}

    def dataset(self, data: FloatArray) -> Dataset:
        """Return data prepared for evaluation; the last ones are kept."""
        assert self.core is not None
        key = data.tobytes()
        if self._prepared is None or self._prepared[0] != key:
            self._prepared = key, self.core.dataset(data)
        return self._prepared[1]

    def logpdf(self, pars: Any, data: Any) -> Any:
        """Return the logarithm of the density, shape (1,); see pyhf."""
        return self._evaluated(
            "logpdf", lambda: self._logpdf(pars, data), lambda: super(Model, self).logpdf(pars, data)
        )

    def _logpdf(self, pars: Any, data: Any) -> FloatArray | None:
        assert self.core is not None
        theta, values = _numbers(pars), _numbers(data)
        if theta.shape != self.core.initial.shape or values.ndim != 1:
            return None
        return np.array([-self.core.nll(theta, self.dataset(values))])

    def expected_actualdata(self, pars: Any) -> Any:
        """Return the expected rates of the main bins; see pyhf."""
        return self.main_model.expected_data(pars) if self.core is not None else super().expected_actualdata(pars)

    def expected_auxdata(self, pars: Any) -> Any:
        """Return the expected auxiliary data; see pyhf."""
        return self._evaluated(
            "expected_auxdata",
            lambda: self._auxdata(pars),
            lambda: super(Model, self).expected_auxdata(pars),
        )

    def expected_data(self, pars: Any, include_auxdata: bool = True) -> Any:
        """Return the expected rates of the main bins, and the expected auxiliary data; see pyhf."""

        def ours() -> FloatArray | None:
            rates = self.rates(pars)
            aux = self._auxdata(pars) if include_auxdata and rates is not None else None
            return rates if aux is None or rates is None else np.concatenate([rates, aux])

        return self._evaluated("expected_data", ours, lambda: super(Model, self).expected_data(pars, include_auxdata))

    def rates(self, pars: Any) -> FloatArray | None:
        """Return the rates of the main bins, None for what pyhf has to judge; surplus parameters are ignored."""
        theta = self._leading(pars)
        return None if theta is None or self.core is None else self.core.expected(theta)

    def _auxdata(self, pars: Any) -> FloatArray | None:
        theta = self._leading(pars)
        if theta is None or self.core is None or not self.core.auxiliary.size:
            return None
        return self.core.expected_auxiliary(theta)

    def _leading(self, pars: Any) -> FloatArray | None:
        assert self.core is not None
        theta, size = _numbers(pars), self.core.n_parameters
        return theta[:size] if theta.ndim == 1 and theta.size >= size else None

    def _evaluated(self, what: str, ours: Callable[[], FloatArray | None], original: Callable[[], Any]) -> Any:
        """Return what wilks evaluates, as an array of the backend; what is not finite, or only pyhf can, is pyhf's."""
        if self.core is None:
            return original()
        tensorlib, _ = pyhf.get_backend()
        unusual = f"{what}: unusual parameters or data"
        reason = unusual if arrays_of_numpy(tensorlib) else f"{what}: inside a graph of {tensorlib.name}"
        if not hides_graphs(tensorlib):
            try:
                with LEDGER.serving("evaluation"):
                    found = ours()
                    if found is not None and np.isfinite(found).all():
                        return tensorlib.astensor(found)
                LEDGER.served["evaluation"] -= 1
                reason = unusual if found is None else f"{what}: no finite number"
            except Exception:  # pyhf judges what can't be evaluated, and what is no number yet
                log.debug("not evaluated by wilks", exc_info=True)
        with LEDGER.passing("evaluation", reason):
            return original()


class MainModel(pyhf.pdf._MainModel):  # type: ignore[misc]
    """The main term of a served model."""

    def __init__(self, model: Model) -> None:
        self.model, self.config, self.batch_size = model, model.config, None
        self.clip_sample_data = self.clip_bin_data = None

    def expected_data(self, pars: Any, return_by_sample: bool = False) -> Any:
        """Return the expected rates, shape (bins,), or by sample, shape (samples, bins); see pyhf."""
        model = self.model

        def ours() -> FloatArray | None:
            if not return_by_sample:
                return model.rates(pars)
            theta = model._leading(pars)
            return None if theta is None or model.core is None else model.core.expected_by_sample(theta)

        return model._evaluated(
            "expected_data", ours, lambda: model.original.main_model.expected_data(pars, return_by_sample)
        )

    def _modifications(self, pars: Any) -> Any:
        return self.model.original.main_model._modifications(pars)

    def __getattr__(self, name: str) -> Any:
        if name == "model" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.model.original.main_model, name)


@cache
def _default_poi() -> str | None:
    """Return the parameter of interest that this version of pyhf takes where none is named."""
    free = {"name": "free", "type": "normfactor", "data": None}
    channel = {"name": "one", "samples": [{"name": "one", "data": [1.0], "modifiers": [free]}]}
    try:
        pyhf.pdf.Model.__init__(object.__new__(pyhf.pdf.Model), {"channels": [channel]}, validate=False)
    except pyhf.exceptions.InvalidModel:
        return "mu"
    return None


def _unusual(
    modifier_set: Any,
    batch_size: int | None,
    clip_sample: float | None,
    clip_bin: float | None,
    others: Mapping[str, Any],
) -> str:
    """Return what was asked for that only pyhf can, or an empty text."""
    if modifier_set is not None and modifier_set != histfactory_set:
        return "custom modifiers"
    if clip_sample is not None or clip_bin is not None:
        return "clipping"
    if batch_size is not None:
        return "batch_size"
    unknown = set(others) - {"poi_name", "modifier_settings"}
    return f"option {sorted(unknown)[0]}" if unknown else ""


def _different(spec: Mapping[str, Any], histosys: str) -> str:
    """Return what pyhf evaluates otherwise than wilks (docs/reference/differences.md), or an empty text."""
    kinds = set()
    for channel in spec["channels"]:
        for sample in channel["samples"]:
            for modifier in sample["modifiers"]:
                kinds.add(modifier["type"])
                if modifier["type"] == "normsys" and min(modifier["data"]["lo"], modifier["data"]["hi"]) <= 0:
                    return "a normsys with a side that is not positive"
    if histosys == "code2" and "histosys" in kinds:
        return "histosys code2"
    if any("factors" in settings for settings in spec.get("parameters", ())):
        return "factors of a shapesys"
    return ""


def _copied(spec: Mapping[str, Any]) -> Any:
    """Return a copy that shares nothing; by way of JSON where there is nothing else in it, which is far faster."""
    try:
        copied = msgspec.json.decode(msgspec.json.encode(spec))
    except (TypeError, ValueError, msgspec.MsgspecError):
        return copy.deepcopy(spec)
    return copied if copied == spec else copy.deepcopy(spec)


def _numbers(values: Any) -> FloatArray:
    return np.ascontiguousarray(values, dtype=np.float64)
