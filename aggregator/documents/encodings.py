"""Bytes to text: which encoding a document really has, whatever it and its server say.

Never shows mojibake where it can know better: a label is believed only where the bytes bear it out.
"""

from __future__ import annotations

import codecs
import re

from aggregator.errors import DocumentError

_MARKS = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF8, "utf-8"),
)
# `<` and what may follow it, for documents without a mark (XML 1.0, appendix F); the last is EBCDIC's `<?xm`.
_OPENINGS = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_NO_UTF8 = tuple(start for start, name in (*_MARKS, *_OPENINGS) if name != "utf-8")
_DECLARED = re.compile(rb"""\A\s{0,200}<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARED_BY_PAGE = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
# Python calls these encodings too: they are escapes (punycode in quadratic time), or what the machine happens to use.
_NO_ENCODINGS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}
)
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
# What is meant by a label is more than it says, as browsers have it.
_MEANT = {"gb2312": ("gb18030",), "ascii": ("utf-8",), "iso8859-1": ("cp1252", "iso8859-1")}
# š and ž have the same bytes in windows-1250 and windows-1252, where Western languages have no use for them.
_CENTRAL_EUROPEAN = re.compile(rb"[\x8a\x8e\x9a\x9e]")
_LATIN_2 = re.compile(rb"[\xb9\xbe][a-z]")
_TAG = re.compile(r"<[^<>]*>")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BAD_SHARE = 0.25
# Of the letters of a European text written in Latin script far fewer carry an accent.
_FOREIGN_SHARE = 0.4


def decode(body: bytes, content_type: str | None = None, *, is_page: bool = False) -> str:
    """The document's text, without byte order mark.

    Tried in this order, and taken where it fits: the mark, the way it opens, the server's `charset`, what the document
    declares (a web page in its `<meta>`), UTF-8, UTF-8 with some broken bytes (which become U+FFFD), and last the old
    code pages of Europe. A one-byte encoding is not believed where the bytes are UTF-8. Raises DocumentError where
    nothing fits, as with Cyrillic or Chinese that does not name its encoding: mojibake is worse than nothing.
    """
    for mark, name in _MARKS:
        if body.startswith(mark) and (text := _decoded(body[len(mark) :], name)) is not None:
            return text
    for opening, name in _OPENINGS:
        if body.startswith(opening) and (text := _decoded(body, name)) is not None:
            return text
    utf8 = _decoded(body, "utf-8")
    for name in _declared(body, content_type, is_page=is_page):
        if utf8 is not None and _is_one_byte(name):
            return utf8
        if (text := _decoded(body, name)) is not None:
            return text
    text = utf8 if utf8 is not None else _mostly_utf8(body)
    return text if text is not None else _from_code_page(body)


def is_utf8_if_valid(body: bytes, content_type: str | None = None) -> bool:
    """Whether `decode` reads these bytes as UTF-8, a mark apart, in case that is what they are from end to end."""
    if body.startswith(codecs.BOM_UTF8):
        return True
    if body.startswith(_NO_UTF8):
        return False
    name, *_ = *_declared(body, content_type, is_page=False), "utf-8"
    return name == "utf-8" or _is_one_byte(name)


def _declared(body: bytes, content_type: str | None, *, is_page: bool) -> list[str]:
    """The encodings that server, XML declaration and page name, as Python calls them, where it knows them."""
    found = [
        match[1] if isinstance(match[1], str) else match[1].decode("ascii")
        for match in (
            _CHARSET.search(content_type or ""),
            _DECLARED.match(body),
            _DECLARED_BY_PAGE.search(body[:4096]) if is_page else None,
        )
        if match
    ]
    names: list[str] = []
    for label in found:
        try:
            name = codecs.lookup(label).name
        except (LookupError, ValueError):
            continue
        # A document whose declaration could be read byte by byte is not wide, whatever it says.
        if name not in _NO_ENCODINGS | _WIDE:
            names.extend(_MEANT.get(name, (name,)))
    return names


def _is_one_byte(name: str) -> bool:
    return name.startswith(("cp125", "iso8859", "koi8", "mac", "latin"))


def _decoded(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding).removeprefix("\ufeff")
    except (UnicodeError, LookupError):
        return None


def _mostly_utf8(body: bytes) -> str | None:
    """UTF-8 that was cut in the middle of a character here and there, as excerpts are; None for another encoding."""
    try:
        return _SURROGATE.sub("\ufffd", body.decode("utf-8", "surrogatepass"))
    except UnicodeError:
        pass
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f") - broken
    return text if broken <= _BAD_SHARE * whole else None


def _from_code_page(body: bytes) -> str:
    likely = ["cp1250"] if _CENTRAL_EUROPEAN.search(body) else ["iso8859-2"] if _LATIN_2.search(body) else []
    for name in (*likely, "cp1252", "cp1250", "iso8859-2"):
        text = _decoded(body, name)
        if text is not None and not _looks_misread(text):
            return text
    raise DocumentError("The characters cannot be read: the document is not UTF-8 and does not say what else it is.")


def _looks_misread(text: str) -> bool:
    """Whether this is Cyrillic, Chinese or the like taken for Latin letters."""
    letters = [character for character in _TAG.sub("", text[:100_000]) if character.isalpha() or character > "\x7f"]
    return sum(1 for letter in letters if letter > "\x7f") > _FOREIGN_SHARE * max(len(letters), 20)
