"""Makes langdetect's missing Basque profile from openly licensed Basque text that packages carry.

    python tools/basque_profile.py --output aggregator/refine/language/profiles/eu.json PATH…

A PATH is a file or a folder. Read are message catalogues (`.po`, `.mo`: the translations, where they differ from the
original; in a folder, only those below one called `eu`) and HTML pages (`.html`: paragraphs, list items, cells).
Nothing of the text itself is kept: the profile holds counts of sequences of one to three letters. The packages and
licences behind the profile that ships are in `aggregator/refine/language/profiles/README.md`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from langdetect.utils.lang_profile import LangProfile
from lxml import html

LANGUAGE = "eu"
FEWEST_WORDS = 4
# langdetect's own limit. Rarer sequences are mostly names and English that stayed in the text.
RAREST = 1 / 100_000

_PLACEHOLDER = re.compile(r"<[^>]*>|%\([^)]*\)[a-z]|%[a-zA-Z]|\{[^}]*\}|\$[\w()]+|&[#\w]+;")
_ACCELERATOR = re.compile(r"[~_&](?=\w)")
_CODE = re.compile(r"[=\\/{}<>|]|\w[._]\w|[a-z][A-Z]")


def texts_of(path: Path, language: str = LANGUAGE) -> Iterator[str]:
    """The texts of a language below `path`, raw. Files that are neither catalogue nor page are passed over."""
    is_folder = path.is_dir()
    for file in sorted(path.rglob("*")) if is_folder else [path]:
        if is_folder and language not in file.parts and language != LANGUAGE:
            continue
        if file.suffix in {".po", ".mo"} and (language in file.parts or not is_folder):
            yield from _catalogue(file, language)
        elif file.suffix == ".html":
            yield from _page(file)


def _catalogue(file: Path, language: str) -> Iterator[str]:
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=language) if file.suffix == ".po" else read_mo(stream)
    for message in catalogue:
        originals = message.id if isinstance(message.id, list | tuple) else (message.id,)
        translations = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id:
            yield from (text for text in translations if text and text not in originals)


def _page(file: Path) -> Iterator[str]:
    page = html.parse(str(file), parser=html.HTMLParser(encoding="utf-8")).getroot()
    if page is None:
        return
    for element in page.xpath("//footer|//header|//aside|//script|//style|//pre|//code"):
        element.drop_tree()
    yield from (element.text_content() for element in page.iter("p", "li", "td", "h1", "h2", "h3"))


def sentence(text: str) -> str | None:
    """`text` without markup, placeholders and keys, or None where too little or mostly code is left."""
    plain = _ACCELERATOR.sub("", _PLACEHOLDER.sub(" ", text))
    words = [word for word in plain.split() if not _CODE.search(word)]
    return " ".join(words) if len(words) >= FEWEST_WORDS else None


def profile_of(texts: Iterator[str]) -> tuple[LangProfile, int]:
    """The profile, and of how many different texts it is made."""
    profile = LangProfile(LANGUAGE)
    sentences = {found for text in texts if (found := sentence(text))}
    for text in sentences:
        profile.update(f" {text} ")
    threshold = max(2, round(profile.n_words[0] * RAREST))
    for gram in [gram for gram, count in profile.freq.items() if count <= threshold]:
        profile.n_words[len(gram) - 1] -= profile.freq.pop(gram)
    return profile, len(sentences)


def main() -> int:
    """Write the profile and say what it holds. Exit status 1 where the paths hold no Basque text."""
    parser = argparse.ArgumentParser(description="Make langdetect's Basque profile from catalogues and pages.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("paths", type=Path, nargs="+")
    arguments = parser.parse_args()
    profile, sentences = profile_of(text for path in arguments.paths for text in texts_of(path))
    if not sentences:
        parser.exit(1, "No Basque text in these paths.\n")
    value = {"freq": dict(sorted(profile.freq.items())), "n_words": profile.n_words, "name": LANGUAGE}
    arguments.output.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{sentences} texts, {len(profile.freq)} sequences, {profile.n_words[0]} letters\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
