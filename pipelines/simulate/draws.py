"""Draw every random number of the simulation as a pure function of (seed, stream, keys).

A counter-based generator (SplitMix64 over named streams): what one person draws depends on nobody else, so the size
of a chunk, the number of customers and the set of formats never change a person. Nothing here knows about retail.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_BASE64URL = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8)
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


@lru_cache(maxsize=1024)
def _stream_key(seed: int, stream: str) -> np.uint64:
    digest = hashlib.sha256(f"{seed}/{stream}".encode()).digest()
    return np.uint64(int.from_bytes(digest[:8], "little"))


def _mix(z: Bits) -> Bits:
    """Finish a SplitMix64 step in place: one temporary instead of six on arrays of millions."""
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    return z


class Draws:
    """Named streams of one seed. `keys` are integer arrays of one length; the same keys give the same draw."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, stream: str, *keys: Ints) -> Bits:
        """64 random bits a row."""
        start = _stream_key(self._seed, stream)
        z = keys[0].astype(np.uint64) * _GOLDEN + start
        _mix(z)
        for key in keys[1:]:
            z += key.astype(np.uint64) * _GOLDEN
            _mix(z)
        return z

    def uniform(self, stream: str, *keys: Ints) -> Floats:
        """Uniform on the open interval (0, 1): never 0, so its logarithm is finite."""
        z = self.bits(stream, *keys)
        z >>= np.uint64(11)
        u: Floats = z.astype(np.float64)
        u += 0.5
        u *= 2.0**-53
        return u

    def chance(self, probability: float | Floats, stream: str, *keys: Ints) -> Flags:
        """True with the probability given."""
        return np.asarray(self.uniform(stream, *keys) < probability)

    def whole(self, low: int, high: int, stream: str, *keys: Ints) -> Ints:
        """Whole numbers from low to high, both included."""
        steps = np.floor(self.uniform(stream, *keys) * (high - low + 1))
        return np.asarray(low + steps, dtype=np.int64)

    def pick(self, weights: npt.ArrayLike, stream: str, *keys: Ints) -> Ints:
        """Positions drawn with the weights given."""
        cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
        u = self.uniform(stream, *keys) * cumulative[-1]
        found = np.searchsorted(cumulative, u, side="right")
        return np.asarray(np.minimum(found, len(cumulative) - 1), dtype=np.int64)

    def exponential(self, mean: float | Floats, stream: str, *keys: Ints) -> Floats:
        """Exponential waiting times."""
        return np.asarray(-np.log(self.uniform(stream, *keys)) * mean)

    def normal(self, stream: str, *keys: Ints) -> Floats:
        """Standard normal, by Box and Muller."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(stream + "/radius", *keys)))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(stream + "/angle", *keys)))

    def gamma(self, shape: float, stream: str, *keys: Ints) -> Floats:
        """Gamma with scale 1, by Marsaglia and Tsang (2000): attempt k of a row is keyed by k."""
        boosted = shape + 1.0 if shape < 1.0 else shape
        d = boosted - 1.0 / 3.0
        c = 1.0 / np.sqrt(9.0 * d)
        out = np.full(len(keys[0]), np.nan)
        todo = np.arange(len(out))
        attempt = 0
        while len(todo):
            some = [key[todo] for key in keys] + [np.full(len(todo), attempt, dtype=np.int64)]
            x = self.normal(stream + "/normal", *some)
            v = (1.0 + c * x) ** 3
            u = self.uniform(stream + "/accept", *some)
            positive = v > 0
            safe = np.where(positive, v, 1.0)
            accepted = positive & (np.log(u) < 0.5 * x * x + d - d * safe + d * np.log(safe))
            out[todo[accepted]] = d * v[accepted]
            todo = todo[~accepted]
            attempt += 1
        if shape < 1.0:
            out *= self.uniform(stream + "/boost", *keys) ** (1.0 / shape)
        return out

    def beta(self, a: float, b: float, stream: str, *keys: Ints) -> Floats:
        """Beta(a, b) from two gammas."""
        left = self.gamma(a, stream + "/a", *keys)
        return np.asarray(left / (left + self.gamma(b, stream + "/b", *keys)))

    def poisson(self, mean: Floats, stream: str, *keys: Ints) -> Ints:
        """Poisson counts by inversion: one round a count, over the rows that are not done."""
        u = self.uniform(stream, *keys)
        count = np.zeros(len(u), dtype=np.int64)
        todo = np.arange(len(u))
        term = np.exp(-np.minimum(mean, 600.0))
        cumulative = term.copy()
        k = 0
        while len(todo):
            todo = todo[u[todo] > cumulative[todo]]
            todo = todo[term[todo] > 1e-300] if k > 600 else todo
            k += 1
            count[todo] = k
            term[todo] *= mean[todo] / k
            cumulative[todo] += term[todo]
        return count

    def geometric(self, p: Floats, stream: str, *keys: Ints) -> Ints:
        """Trials up to and with the first success, 1 or more."""
        trials = np.ceil(np.log(self.uniform(stream, *keys)) / np.log1p(-np.clip(p, 1e-9, 1 - 1e-9)))
        return np.clip(trials, 1, 1_000_000).astype(np.int64)

    def base64url(self, width: int, stream: str, *keys: Ints) -> npt.NDArray[np.bytes_]:
        """Random text of `width` characters, as one fixed-width byte string a row."""
        return self._letters(_BASE64URL, 6, width, stream, *keys)

    def hexadecimal(self, width: int, stream: str, *keys: Ints) -> npt.NDArray[np.bytes_]:
        """Random lower-case hexadecimal text."""
        return self._letters(_HEX, 4, width, stream, *keys)

    def _letters(self, alphabet: npt.NDArray[np.uint8], bits: int, width: int, stream: str, *keys: Ints) -> npt.NDArray[np.bytes_]:
        text = np.empty((len(keys[0]), width), dtype=np.uint8)
        mask = np.uint64(len(alphabet) - 1)
        per_word = 64 // bits
        for position in range(width):
            if position % per_word == 0:
                word = self.bits(f"{stream}/{position // per_word}", *keys)
            text[:, position] = alphabet[(word & mask).astype(np.int64)]
            word >>= np.uint64(bits)
        return text.view(f"S{width}").ravel()


def scramble(numbers: Ints, modulus: int, offset: int = 0) -> Ints:
    """Permute 0..modulus-1: different numbers stay different and no longer look consecutive.

    Multiplies by a number near the golden section of the modulus, so neighbors land far apart. Numbers times modulus
    must stay below 2**63.
    """
    factor = int(modulus * 0.6180339887498949) | 1
    while gcd(factor, modulus) > 1:
        factor += 2
    return np.asarray((numbers * factor + offset) % modulus, dtype=np.int64)
