"""A toy of proton collisions at 13 TeV with one lepton and jets, good for spectra of the right features.

Top quarks decay isotropically into b W and W bosons into two quarks; extra radiation, jet energy resolution and
b-tagging are a few random numbers per jet. That gives a top-quark peak in m_bjj and a falling H_T, and systematic
variations of realistic size. It predicts nothing. Momenta and masses are in GeV.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

Columns = dict[str, np.ndarray]
Quarks = tuple[np.ndarray, np.ndarray]

TOP_MASS, W_MASS = 172.5, 80.4
MIN_PT, MAX_ETA, TAG_THRESHOLD = 30.0, 2.4, 0.5
LIGHT, CHARM, BOTTOM = 0, 1, 2
# P(score > x) = 1 - x^power: mistag rates of 1.6 % (light) and 15 % (charm), and 70 % efficiency for b jets
SCORE_POWER = np.array([0.023, 0.23, 1.74])
TAG_EFFICIENCY = 1 - TAG_THRESHOLD**SCORE_POWER


@dataclass(frozen=True)
class Physics:
    """What a generator assumes: factors on the top-quark momentum, the rate of extra jets, energy lost out of jets."""

    top_pt: float = 1.0
    radiation: float = 1.0
    loss: float = 1.0


HardJets = Callable[[np.random.Generator, int, Physics], Quarks]


@dataclass(frozen=True)
class Jets:
    """Up to eight jets of each event, arrays of shape (events, 8); an absent jet has pt = 0."""

    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    flavour: np.ndarray
    score: np.ndarray
    smearing: np.ndarray  # standard normal, so that a varied resolution moves the same jets


# Kinematics. Four-vectors have the last axis (E, px, py, pz).


def four_vector(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, mass: float = 0.0) -> np.ndarray:
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return np.stack([np.sqrt(px**2 + py**2 + pz**2 + mass**2), px, py, pz], axis=-1)


def decay(rng: np.random.Generator, parent: np.ndarray, mass: float, first: float, second: float) -> list[np.ndarray]:
    """Return the two daughters, of masses `first` and `second`, of an isotropic decay."""
    energy = (mass**2 + first**2 - second**2) / (2 * mass)
    momentum = np.sqrt(energy**2 - first**2)
    cosine, phi = rng.uniform(-1, 1, len(parent)), rng.uniform(-np.pi, np.pi, len(parent))
    sine = np.sqrt(1 - cosine**2)
    at_rest = momentum * np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=-1)
    along = np.sum(parent[:, 1:] * at_rest, axis=-1)
    boosted_energy = (parent[:, 0] * energy + along) / mass
    boosted = at_rest + parent[:, 1:] * ((energy + boosted_energy) / (parent[:, 0] + mass))[:, None]
    daughter = np.concatenate([boosted_energy[:, None], boosted], axis=-1)
    return [daughter, parent - daughter]


def decay_w(rng: np.random.Generator, w: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return two quarks and their flavours: half of the hadronic W bosons give a charm quark."""
    flavour = np.zeros((len(w), 2), dtype=int)
    flavour[:, 0] = np.where(rng.random(len(w)) < 0.5, CHARM, LIGHT)
    return decay(rng, w, W_MASS, 0.0, 0.0), flavour


# Hard processes: momenta (events, jets, 4) and flavours (events, jets) of the quarks that can become jets.


def back_to_back(rng: np.random.Generator, n: int, physics: Physics, mass: float) -> list[np.ndarray]:
    """Return a top quark and a recoiling particle of the given mass."""
    pt = rng.gamma(2.2, 50.0 * physics.top_pt, n)
    phi = rng.uniform(-np.pi, np.pi, n)
    return [
        four_vector(pt, rng.normal(0, 1.0, n), phi, TOP_MASS),
        four_vector(pt, rng.normal(0, 1.0, n), phi + np.pi, mass),
    ]


def ttbar(rng: np.random.Generator, n: int, physics: Physics) -> Quarks:
    hadronic, leptonic = back_to_back(rng, n, physics, TOP_MASS)
    b, w = decay(rng, hadronic, TOP_MASS, 0.0, W_MASS)
    b_leptonic, _ = decay(rng, leptonic, TOP_MASS, 0.0, W_MASS)
    quarks, flavour = decay_w(rng, w)
    bottoms = np.full((n, 2), BOTTOM)
    return np.stack([b, b_leptonic, *quarks], axis=1), np.concatenate([bottoms, flavour], axis=1)


def associated_top(rng: np.random.Generator, n: int, physics: Physics) -> Quarks:
    """tW with one lepton: in half of the events the top quark decays to jets only, in the others the other W."""
    top, recoil = back_to_back(rng, n, physics, W_MASS)
    b, w = decay(rng, top, TOP_MASS, 0.0, W_MASS)
    hadronic_w = np.where((rng.random(n) < 0.5)[:, None], w, recoil)
    quarks, flavour = decay_w(rng, hadronic_w)
    return np.stack([b, *quarks], axis=1), np.column_stack([np.full(n, BOTTOM), flavour])


def t_channel(rng: np.random.Generator, n: int, physics: Physics) -> Quarks:
    """A leptonic top quark, a recoiling light quark going forward, and a soft b from the initial gluon."""
    top, light = back_to_back(rng, n, physics, 0.0)
    light[:, 3] += np.sign(light[:, 3]) * rng.exponential(80.0, n)
    b, _ = decay(rng, top, TOP_MASS, 0.0, W_MASS)
    soft = four_vector(15 + rng.exponential(25.0, n), rng.normal(0, 1.8, n), rng.uniform(-np.pi, np.pi, n))
    return np.stack([b, soft, light], axis=1), np.tile([BOTTOM, BOTTOM, LIGHT], (n, 1))


def w_jets(rng: np.random.Generator, n: int, physics: Physics) -> Quarks:
    """Four jets of a falling spectrum; a twentieth of the events has a b pair, a seventh one charm quark."""
    hardness = rng.gamma(4.0, 0.25, (n, 1))
    pt = 27 + hardness * rng.exponential(38.0, (n, 4))
    momenta = four_vector(pt, rng.normal(0, 1.3, (n, 4)), rng.uniform(-np.pi, np.pi, (n, 4)))
    flavour = np.full((n, 4), LIGHT)
    kind = rng.random(n)
    flavour[kind < 0.05, :2] = BOTTOM
    flavour[(kind > 0.05) & (kind < 0.19), 0] = CHARM
    return momenta, flavour


# Detector: from quarks to jets to the observables of an event.


def simulate_jets(rng: np.random.Generator, hard_jets: HardJets, n: int, physics: Physics) -> Jets:
    """Return reconstructed jets of `n` events: the hard process and up to four jets of extra radiation."""
    quarks, flavour = hard_jets(rng, n, physics)
    present = np.arange(4) < rng.poisson(1.1 * physics.radiation, n)[:, None]
    extra_pt = np.where(present, 20 + rng.exponential(32.0, (n, 4)), 0.0)
    extra_flavour = rng.choice([LIGHT, CHARM, BOTTOM], size=(n, 4), p=[0.94, 0.035, 0.025])
    transverse = np.hypot(quarks[..., 1], quarks[..., 2])
    missing = np.zeros((n, 4 - quarks.shape[1]))

    def joined(hard: np.ndarray, extra: np.ndarray) -> np.ndarray:
        return np.concatenate([hard, missing, extra], axis=1)

    pt = joined(transverse, extra_pt)
    pt *= 1 - np.minimum(rng.exponential(0.05 * physics.loss, pt.shape), 0.8)
    pt *= np.maximum(1 + rng.normal(0, 1, pt.shape) * np.sqrt(0.05**2 + 0.8 / np.maximum(pt, 1.0)), 0.1)
    flavour = joined(flavour, extra_flavour).astype(int)
    return Jets(
        pt=pt,
        eta=joined(np.arcsinh(quarks[..., 3] / transverse), rng.normal(0, 1.6, (n, 4))),
        phi=joined(np.arctan2(quarks[..., 2], quarks[..., 1]), rng.uniform(-np.pi, np.pi, (n, 4))),
        flavour=flavour,
        score=rng.random(pt.shape) ** (1 / SCORE_POWER[flavour]),
        smearing=rng.normal(0, 1, pt.shape),
    )


def best_bjj_mass(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, tagged: np.ndarray) -> np.ndarray:
    """Return the mass of the three jets, at least one of them tagged, with the largest vector sum of pt."""
    triples = np.array(list(combinations(range(6), 3)))
    allowed = (pt[:, :6] > 0)[:, triples].all(axis=2) & tagged[:, :6][:, triples].any(axis=2)
    momentum = four_vector(pt[:, :6], eta[:, :6], phi[:, :6])
    px, py = (momentum[:, :, i][:, triples].sum(axis=2) for i in (1, 2))
    best = triples[np.argmax(np.where(allowed, np.hypot(px, py), -1.0), axis=1)]
    energy, px, py, pz = np.take_along_axis(momentum, best[:, :, None], axis=1).sum(axis=1).T
    mass: np.ndarray = np.sqrt(np.maximum(energy**2 - px**2 - py**2 - pz**2, 0.0))
    return mass


def tag_weights(pt: np.ndarray, flavour: np.ndarray, tagged: np.ndarray) -> Columns:
    """Return the event weights of four one-sigma changes of the tagging efficiencies.

    A tagged jet counts in proportion to its efficiency, an untagged one to its inefficiency. The four are: b and charm
    jets together; those of high momentum; charm jets; light jets.
    """
    hardness = np.clip(np.log(np.maximum(pt, MIN_PT) / MIN_PT), 0, 2)
    relative_change = [
        0.02 * (flavour != LIGHT),
        0.025 * hardness * (flavour != LIGHT),
        0.10 * (flavour == CHARM),
        (0.10 + 0.06 * hardness) * (flavour == LIGHT),
    ]
    efficiency = TAG_EFFICIENCY[flavour]
    weights = {}
    for number, change in enumerate(relative_change, start=1):
        for side, sign in (("up", 1), ("down", -1)):
            varied = 1 + sign * change
            factor = np.where(tagged, varied, (1 - efficiency * varied) / (1 - efficiency))
            weights[f"weight_btag_{number}_{side}"] = np.where(pt > 0, factor, 1.0).prod(axis=1)
    return weights


def select(jets: Jets, *, energy_scale: float = 0.0, resolution: float = 0.0) -> Columns:
    """Return the observables of events with at least four jets, one of them b-tagged.

    `energy_scale` and `resolution` shift the jets, in standard deviations of their calibration.
    """
    shift = energy_scale * (0.005 + 0.45 / np.maximum(jets.pt, 10.0)) + resolution * 0.04 * jets.smearing
    pt = jets.pt * (1 + shift)
    pt = np.where((pt > MIN_PT) & (np.abs(jets.eta) < MAX_ETA), pt, 0.0)
    tagged = (jets.score > TAG_THRESHOLD) & (pt > 0)
    keep = ((pt > 0).sum(axis=1) >= 4) & tagged.any(axis=1)
    order = np.argsort(-pt[keep], axis=1)
    pt, eta, phi, flavour, tagged = (
        np.take_along_axis(column[keep], order, axis=1) for column in (pt, jets.eta, jets.phi, jets.flavour, tagged)
    )
    return {
        "n_jets": (pt > 0).sum(axis=1).astype(np.int32),
        "n_btag": tagged.sum(axis=1).astype(np.int32),
        "HT": pt.sum(axis=1),
        "m_bjj": best_bjj_mass(pt, eta, phi, tagged),
        **tag_weights(pt, flavour, tagged),
    }
