"""The model itself: hashed n-grams and a few facts of an item, linear weights, one step a lesson. Runs apart.

The only module that imports scikit-learn, and with it numpy and scipy: 1.3 s and 100 MB, so it is imported in the
process of `study.py` alone. Weights are plain arrays in our own hands; scikit-learn only moves them.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aggregator.learning.specimens import EARLIER, Lesson, Opinion, Specimen, WeightsError

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nothing here is worth a second thread, each of which takes memory
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy import sparse
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier

WIDTH, TAG_WIDTH = 2**16, 2**14
# Found by `make bench ARGS="--only learning"` and its like; each changes the order little.
RATE, TAG_RATE, SHRINKING = 0.05, 0.3, 1e-5
FACT = 1.0  # what a fact such as the source counts beside all of the text, which counts 1
AGAIN = 15  # so many earlier lessons are gone through again with each new one
TOGETHER = 100  # lessons whose rows are in memory at once
SOBER = 0.5  # what is gone through again and again is believed too much: so likelihoods come true most often
UNLIKELY_TAG = 0.5
DIGEST = 16
_GRAMS = {"analyzer": "char_wb", "ngram_range": (3, 5), "alternate_sign": False, "binary": True}
_TEXT = HashingVectorizer(n_features=WIDTH, **_GRAMS)
_FACTS = FeatureHasher(n_features=WIDTH, input_type="string", alternate_sign=False)


@dataclass(slots=True)
class Weights:
    """All that was learnt. `seen` counts the lessons; the last place of each row of weights is its bias."""

    wanted: Any = field(default_factory=lambda: np.zeros(WIDTH + 1))
    tags: dict[str, Any] = field(default_factory=dict)
    seen: int = 0


def learn(kept: bytes | None, earlier: Sequence[Lesson], lessons: Sequence[Lesson]) -> bytes:
    """What is learnt from those lessons on top of `kept`, or from nothing where that is None. Raises WeightsError.

    `earlier` are the lessons before, the last 200 of them: some are gone through again with each new one. Which, their
    number alone says, so that lessons teach the same in one batch or in many.
    """
    weights = read(kept) if kept is not None else Weights()
    row = list(earlier[-EARLIER:])
    for start in range(0, len(lessons), TOGETHER):
        _learn_some(weights, row, lessons[start : start + TOGETHER])
    return write(weights)


def judge(kept: bytes, specimens: Sequence[Specimen]) -> list[Opinion]:
    """What a model with those weights makes of each. Tags that are not likely are left out. Raises WeightsError."""
    if not specimens:
        return []
    weights = read(kept)
    likely = _likelihood(sparse.vstack([_whole(one) for one in specimens], format="csr"), SOBER * weights.wanted)
    names = list(weights.tags)
    found: list[list[tuple[str, float]]] = [[] for _ in specimens]
    if names:
        rows = sparse.vstack([_for_tags(one) for one in specimens], format="csr")
        sure = _likelihood(rows, np.stack([weights.tags[name] for name in names], axis=1))
        for place, column in zip(*np.nonzero(sure >= UNLIKELY_TAG), strict=True):
            found[place].append((names[column], float(sure[place, column])))
    return [
        Opinion(float(one), tuple(sorted(tags, key=lambda tag: (-tag[1], tag[0]))))
        for one, tags in zip(likely, found, strict=True)
    ]


def write(weights: Weights) -> bytes:
    """As bytes: numpy's own format, compressed, without pickle."""
    out = io.BytesIO()
    rows = list(weights.tags.values())
    np.savez_compressed(
        out,
        wanted=weights.wanted,
        names=np.array(list(weights.tags), dtype=np.str_),
        tags=np.array(rows, dtype=np.float32).reshape(len(rows), TAG_WIDTH + 1),
        seen=np.array(weights.seen),
    )
    return seal(out.getvalue())


def seal(arrays: bytes) -> bytes:
    """Those bytes with a digest before them: numpy raises what it likes where they are damaged."""
    return hashlib.blake2b(arrays, digest_size=DIGEST).digest() + arrays


def read(kept: bytes) -> Weights:
    """The weights in those bytes. Raises WeightsError."""
    if seal(kept[DIGEST:]) != kept:
        raise WeightsError("these weights are damaged")
    try:
        with np.load(io.BytesIO(kept[DIGEST:]), allow_pickle=False) as arrays:
            wanted, names = arrays["wanted"].astype(np.float64), [str(name) for name in arrays["names"]]
            tags, seen = arrays["tags"].astype(np.float64), int(arrays["seen"])
    except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(f"these weights cannot be read: {error}") from error
    if wanted.shape != (WIDTH + 1,) or tags.shape != (len(names), TAG_WIDTH + 1):
        raise WeightsError("these weights have another shape")
    if not (np.isfinite(wanted).all() and np.isfinite(tags).all()):
        raise WeightsError("these weights are no numbers")
    return Weights(wanted, dict(zip(names, tags, strict=True)), seen)


def _learn_some(weights: Weights, row: list[Lesson], lessons: Sequence[Lesson]) -> None:
    """Take those lessons one after the other, each after some of those before it; `row` is moved along."""
    told: list[tuple[Lesson, int]] = []  # with the number of the new one that each goes with
    for number, lesson in enumerate(lessons):
        again = random.Random(weights.seen).choices(row, k=AGAIN) if row else []  # noqa: S311
        told += [(one, number) for one in (*again, lesson)]
        row.append(lesson)
        del row[:-EARLIER]
        weights.seen += 1
    wanted = [one for one, _ in told if one.is_wanted is not None]
    if wanted:
        rows = sparse.vstack([_whole(one.specimen) for one in wanted], format="csr")
        _move(weights.wanted, rows, [bool(one.is_wanted) for one in wanted], RATE)
    tagged = [(one, set(one.tags), number) for one, number in told if one.tags is not None]
    if not tagged:
        return
    rows = sparse.vstack([_for_tags(one.specimen) for one, _, _ in tagged], format="csr")
    first: dict[str, int] = {}
    for number, lesson in enumerate(lessons):
        for tag in lesson.tags or ():
            first.setdefault(tag, number)
    for tag in sorted({*weights.tags, *first}):
        # A new tag is learnt from the lesson on that names it first, however the lessons are parted.
        begin = 0
        if tag not in weights.tags:
            weights.tags[tag] = np.zeros(TAG_WIDTH + 1)
            begin = next(place for place, (_, _, number) in enumerate(tagged) if number >= first[tag])
        _move(weights.tags[tag], rows[begin:], [tag in tags for _, tags, _ in tagged[begin:]], TAG_RATE)


def _move(weights: Any, rows: Any, says_yes: Sequence[bool], rate: float) -> None:
    """One step of gradient descent for each row, in their order; `weights` is changed."""
    model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=rate, alpha=SHRINKING, shuffle=False)
    # The first call makes room for weights and is told both answers, since all rows may have the same.
    model.partial_fit(rows[:1], [False], classes=[False, True])
    model.coef_, model.intercept_ = weights[None, :-1].copy(), weights[-1:].copy()
    model.partial_fit(rows, list(says_yes))
    weights[:-1], weights[-1] = model.coef_[0], model.intercept_[0]


def _likelihood(rows: Any, weights: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(rows @ weights[:-1] + weights[-1], -30, 30)))


@lru_cache(maxsize=4096)
def _whole(specimen: Specimen) -> Any:
    """What tells whether an editor wants it: the text, and where it comes from."""
    where = {name: getattr(specimen, name) for name in ("source", "partner", "language", "kind")}
    facts = [f"{name}={value}" for name, value in where.items()]
    for tag in specimen.tags:
        facts += [f"tag={tag}", f"partner={specimen.partner} tag={tag}"]
    return (_text(specimen.text) + FACT * _FACTS.transform([[_clean(fact) for fact in facts]])).tocsr()


@lru_cache(maxsize=4096)
def _for_tags(specimen: Specimen) -> Any:
    """What tells its tags: the text alone. Those that it has could only be copied, and a source has habits."""
    whole = _text(specimen.text).tocoo()
    # The hash is folded: tags need fewer places, and there are many of them.
    return sparse.csr_matrix((whole.data, (whole.row, whole.col % TAG_WIDTH)), shape=(1, TAG_WIDTH))


@lru_cache(maxsize=512)
def _text(text: str) -> Any:
    return _TEXT.transform([_clean(text)])


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
