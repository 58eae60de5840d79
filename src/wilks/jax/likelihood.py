"""`Likelihood`: expected rates and log density of one model as pure functions of JAX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.ops import segment_sum

from wilks.errors import ModelError, nearest
from wilks.jax.densities import poisson_nll
from wilks.jax.functions import function_values
from wilks.jax.interpolation import bent, even_part, factors
from wilks.jax.layout import Layout
from wilks.model.model import Model

Array: TypeAlias = Any
Yields: TypeAlias = Mapping[tuple[str, ...], Any]

_LOGARITHM, _KEEP_SUM, _FLOOR, _SHARE = 1, 2, 4, 8
_TWO_WIDTHS, _POISSON = 3, 2
_LOG_ROOT_TWO_PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A model as functions of JAX. Made by `wilks.jax.export`; see there.

    `names` are the parameters in the order of theta, `data` the observed data (main bins, then auxiliary data),
    `initial`, `lower` and `upper` starting values and bounds.
    """

    model: Model
    layout: Layout

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of theta."""
        return self.model.parameter_names

    @property
    def data(self) -> Array:
        """The observed data: main bins, then auxiliary data. ModelError where the model has none."""
        return jnp.asarray(self.model.observed())

    @property
    def initial(self) -> Array:
        """Where fits start, shape (parameters,)."""
        return jnp.asarray(self.model.initial)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds, each of shape (parameters,)."""
        lower, upper = self.model.bounds
        return jnp.asarray(lower), jnp.asarray(upper)

    def yields(self) -> dict[tuple[str, ...], Array]:
        """Return all templates by name: (channel, sample) the yields, (channel, sample, parameter) down and up.

        Those of samples with `logarithms` are logarithms of yields.
        """
        at, found = self.layout, dict[tuple[str, ...], Array]()
        for key, cells in self._places().items():
            found[key] = jnp.asarray(at.nominal[cells] if len(key) == 2 else np.stack([at.down[cells], at.up[cells]]))
        return found

    def expected(self, theta: Array, yields: Yields | None = None) -> Array:
        """Return the expected rates of all main bins at a point, shape (bins,).

        `yields` replaces templates by name, as `yields()` has them.
        """
        at, theta = self.layout, self._checked(theta)
        inputs, _ = self._inputs(theta)
        cells, product = self._cells(inputs, yields)
        gammas = jnp.prod(jnp.append(theta, 1.0)[at.cell_factors], axis=1)
        rates = segment_sum(product[at.cell_block] * gammas * cells, at.cell_bin, at.bins)
        return rates + self._errors(theta, product)

    def log_density(self, theta: Array, data: Array | None = None, yields: Yields | None = None) -> Array:
        """Return the log density of data (default: observed) at a point, a scalar: minus the engine's `nll`.

        -inf outside the domain.
        """
        at, theta = self.layout, self._checked(theta)
        data = self.data if data is None else jnp.asarray(data, jnp.float64)
        length = at.bins + len(at.arrays["constraint_kind"])
        if data.shape != (length,):
            raise ModelError(f"data have shape {data.shape}, needed is ({length},); jax.vmap takes batches")
        nll = poisson_nll(data[: at.bins], self.expected(theta, yields)).sum()
        nll += self._constraints(theta, data[at.bins :]) + self._inputs(theta)[1]
        return jnp.where(jnp.isnan(nll), -jnp.inf, -nll)

    def _checked(self, theta: Array) -> Array:
        if not jax.config.jax_enable_x64:
            raise ModelError('JAX computes in single precision: jax.config.update("jax_enable_x64", True)')
        theta = jnp.asarray(theta, jnp.float64)
        if theta.shape != (self.layout.parameters,):
            wanted = f"needed is ({self.layout.parameters},)"
            raise ModelError(f"theta has shape {theta.shape}, {wanted}; jax.vmap takes batches")
        return theta

    def _inputs(self, theta: Array) -> tuple[Array, Array]:
        """Return what steers modifiers (parameters, then functions), and the sum of the penalties."""
        arrays = self.layout.arrays
        values = [jnp.asarray(value) for value in function_values(arrays, theta)]
        chosen = [v for v, counts in zip(values, arrays["function_penalty"].tolist(), strict=False) if counts]
        penalty = sum((jnp.where(jnp.isfinite(v), v, jnp.inf) for v in chosen), jnp.zeros(()))
        return (jnp.concatenate([theta, jnp.stack(values)]) if values else theta), penalty

    def _cells(self, inputs: Array, yields: Yields | None) -> tuple[Array, Array]:
        """Return the yields of all cells with their variations, and the product of the scalar factors of each block."""
        at, arrays = self.layout, self.layout.arrays
        nominal, down, up = self._templates(yields)
        xp: Any = np if yields is None else jnp
        middle = nominal[at.variation_cell]
        rows = xp.concatenate([nominal, 0.5 * (up - down), ((up - middle) - (middle - down)) / 16.0, np.zeros(1)])
        even = [even_part(code, inputs[p]) for p, code in at.even]
        values = jnp.concatenate([inputs, jnp.stack(even) if even else jnp.zeros(0), jnp.array([1.0, 0.0])])
        parts = [jnp.einsum("kr,krb->kb", values[b.values], rows[b.cells]).ravel() for b in at.buckets]
        cells = jnp.concatenate(parts)[at.cell_place]
        if at.bent.size:
            of = at.variation_cell[at.bent]
            ratio = [jnp.where(nominal[of] > 0, side[at.bent] / jnp.where(nominal[of] > 0, nominal[of], 1.0), 1.0)
                     for side in (up, down)]  # fmt: skip
            factor = bent(arrays["shape_code"][at.bent_entry], inputs[arrays["shape_parameter"][at.bent_entry]], *ratio)
            cells = cells.at[of].add(nominal[of] * (factor - 1.0))
        alpha = inputs[arrays["factor_parameter"]]
        each = factors(arrays["factor_code"], alpha, arrays["factor_lo"], arrays["factor_hi"])
        return self._formed(cells), jnp.prod(jnp.append(each, 1.0)[at.block_factors], axis=1)

    def _formed(self, cells: Array) -> Array:
        """Return the yields of all cells after exponential, sum, floor and share, where their block has them."""
        at, arrays = self.layout, self.layout.arrays
        form = np.asarray(arrays["block_form"])
        if not form.any():
            return cells
        total, floor = (np.asarray(arrays[key])[at.cell_block] for key in ("block_total", "block_floor"))
        for flag in (_LOGARITHM, _KEEP_SUM, _FLOOR, _SHARE):
            here = (form & flag != 0)[at.cell_block]
            if not here.any():
                continue
            if flag == _LOGARITHM:
                changed = jnp.exp(jnp.where(here, cells, 0.0))
            elif flag == _FLOOR:
                changed = jnp.where(cells > floor, cells, floor)
            else:
                sums = segment_sum(cells, at.cell_block, at.blocks)[at.cell_block]
                changed = total / jnp.where(here, sums, 1.0) * cells
            cells = jnp.where(here, changed, cells)
        return cells

    def _errors(self, theta: Array, product: Array) -> Array:
        """Return what statistical errors add to the rates of all bins (engine/errors.hpp)."""
        at, arrays = self.layout, self.layout.arrays
        if not arrays["error_start"].size:
            return 0.0
        groups = np.diff(arrays["error_start"])
        sizes = [at.block_cells[k].stop - at.block_cells[k].start for k in arrays["error_block"].tolist()]
        first = [int(at.cell_bin[at.block_cells[k].start]) for k in arrays["error_block"].tolist()]
        bins_of = np.concatenate([np.arange(f, f + n) for f, n in zip(first, sizes, strict=True)])
        heads = np.concatenate([[0], np.cumsum(groups)])[:-1]
        offset = np.concatenate([[0], np.cumsum([sizes[h] for h in heads])])
        slot = np.concatenate(
            [offset[g] + np.arange(sizes[h]) for g, h in enumerate(heads) for _ in range(int(groups[g]))]
        )
        slot_bin = np.zeros(int(offset[-1]), np.int64)
        slot_bin[slot] = bins_of
        scaled = product[np.repeat(arrays["error_block"], sizes)] * arrays["errors"]
        square = segment_sum(scaled * scaled, slot, len(slot_bin))
        size = jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)
        return segment_sum(theta[arrays["error_parameter"]] * size, slot_bin, at.bins)

    def _constraints(self, theta: Array, auxiliary: Array) -> Array:
        """Return the negative log density of the auxiliary data."""
        arrays = self.layout.arrays
        kind, scale = np.asarray(arrays["constraint_kind"]), np.asarray(arrays["constraint_scale"])
        means, poisson = theta[arrays["constraint_parameter"]], kind == _POISSON
        lower = (
            np.where(kind == _TWO_WIDTHS, arrays["constraint_lower"], scale)
            if arrays["constraint_lower"].size
            else scale
        )
        gauss, count = np.flatnonzero(~poisson), np.flatnonzero(poisson)
        residual = means - auxiliary
        pull = (residual / jnp.where(residual < 0, lower, scale))[gauss]
        nll = (0.5 * pull**2 + np.log(0.5 * (scale + lower)[gauss]) + _LOG_ROOT_TWO_PI).sum()
        nll += poisson_nll(auxiliary[count], scale[count] * means[count]).sum()
        pairs = arrays["coupling"] * residual[arrays["coupling_first"]] * residual[arrays["coupling_second"]]
        return nll + pairs.sum() + float(np.sum(arrays["coupling_constant"]))

    def _places(self) -> dict[tuple[str, ...], slice]:
        """Return where the templates of each name stand among the cells of yields, or of variations."""
        at, places = self.layout, dict[tuple[str, ...], slice]()
        names = (*self.names, *(f"function {i}" for i in range(at.inputs - at.parameters)))
        start = at.arrays["shape_start"].tolist()
        for k, block in enumerate(self.model.blocks):
            places[block.channel, block.sample] = at.block_cells[k]
            for e in range(start[k], start[k + 1]):
                parameter = names[int(at.arrays["shape_parameter"][e])]
                places[block.channel, block.sample, parameter] = at.variation_cells[e]
        return places

    def _templates(self, yields: Yields | None) -> tuple[Array, Array, Array]:
        """Return yields and variations, down and up, of all cells; ModelError with all that is wrong."""
        at = self.layout
        if yields is None:
            return at.nominal, at.down, at.up
        places, problems = self._places(), list[str]()
        nominal, down, up = jnp.asarray(at.nominal), jnp.asarray(at.down), jnp.asarray(at.up)
        for key, given in yields.items():
            values = jnp.asarray(given, jnp.float64)
            if key not in places:
                known = [", ".join(each) for each in places if len(each) == len(key)]
                problems.append(f'no template ("{", ".join(key)}"){nearest(", ".join(key), known)}')
                continue
            cells = places[key]
            wanted = (cells.stop - cells.start,) if len(key) == 2 else (2, cells.stop - cells.start)
            if values.shape != wanted:
                problems.append(f"template {key} has shape {values.shape}, needed is {wanted}")
            elif len(key) == 2:
                nominal = nominal.at[cells].set(values)
            else:
                down, up = down.at[cells].set(values[0]), up.at[cells].set(values[1])
        if problems:
            raise ModelError(problems)
        return nominal, down, up
