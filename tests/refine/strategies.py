"""Text as hostile as feeds can be, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from aggregator.refine.characters import is_usual

NASTY = (
    *"\0\x0b\x0e\x1f\x7f\x85\ud800\udfff\ufeff\u200b\u200c\u200d\u202e\u2066\u2069\u2028\uffff",
    "\u0301" * 9, "👩‍🔧", "🇪🇸", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "&#0;", "&#14;", "&#x202e;", "&nbsp;", "&amp;lt;", "&lt;b&gt;", "&#" + "9" * 30 + ";", "&", ";",
)  # fmt: skip

any_text = st.lists(st.one_of(st.text(max_size=20), st.sampled_from(NASTY)), max_size=12).map("".join)

TAGS = (
    "a", "abbr", "b", "blockquote", "body", "br", "caption", "center", "code", "dd", "div", "dl", "dt", "em",
    "figure", "font", "form", "h1", "h2", "hr", "html", "i", "iframe", "img", "input", "li", "math", "mtext",
    "noscript", "object", "ol", "option", "p", "plaintext", "pre", "script", "section", "select", "span", "strong",
    "style", "svg", "table", "tbody", "td", "template", "textarea", "th", "title", "tr", "u", "ul", "x-y", "xmp",
)  # fmt: skip
ATTRIBUTES = (
    "", " ", ' href="https://example.org/a?b=1&copy=2"', " href='javascript:alert(1)'", " href=' &#14;javascript:x'",
    ' href="jav&#x09;ascript:x"', ' href="/relative"', ' href="data:text/html,x"', ' href="mailto:a@example.org"', " href",
    ' onclick="x()"', " style=position:fixed", ' class="a" id=b', ' src="https://example.org/x.png"', ' lang="eu"',
    ' dir="rtl"', ' title="<p "', " title='>'", ' colspan="2"', ' background="//example.org/x"', " =\"'", "/", ' lang="',
)  # fmt: skip


def _tag(name: str, attributes: str, form: int) -> str:
    return (
        f"<{name}{attributes}>",
        f"</{name}{attributes}>",
        f"<{name}{attributes}",
        f"<{name.upper()}{attributes}/>",
    )[form]


_fragments = st.one_of(
    st.builds(_tag, st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES), st.integers(0, 3)),
    st.sampled_from(("<!--", "-->", "<!", "<?", "</", "<", ">", "]]>", "<![CDATA[", "\n", " ", '"', "'", *NASTY)),
    st.text(max_size=8),
)
any_html = st.lists(_fragments, max_size=30).map("".join)
# The same of what most texts hold alone: part by part, for of whole ones hardly any is.
usual_html = st.lists(_fragments.filter(is_usual), max_size=30).map("".join).filter(is_usual)
