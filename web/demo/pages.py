"""Writes the HTML pages of a sample site: its front page, an article, a topic. They run no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from web.demo.feeds import FORMATS, Entry
from web.demo.items import SampleSite

# The sample texts hold a script on purpose; the sample pages do not run it either.
POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
body{font:1.05rem/1.6 system-ui,sans-serif;margin:0;color:#1d2326;background:#f7f6f2}
header{background:var(--colour);color:#fff;padding:1.2rem max(1rem,calc(50vw - 22rem))}
header a{color:inherit;text-decoration:none;font-weight:700;font-size:1.25rem}
main,footer{max-width:44rem;margin:0 auto;padding:1rem}
img{max-width:100%;height:auto;border-radius:.6rem;display:block}
time,footer{color:#5c666b;font-size:.9rem}
li{margin:.5rem 0}
"""
NOTE = "Sample page of a demonstration. The texts were written for it and are no statement of this organisation."


def front_page(site: SampleSite, entries: Sequence[Entry]) -> str:
    """The site's own page; it names the feed, so that it can be discovered."""
    items = "\n".join(f'<li><a href="{escape(entry.url)}">{_heading(entry)}</a></li>' for entry in entries)
    head = f'<link rel="alternate" type="{FORMATS[site.format].type}" title="{escape(site.title)}" href="{site.feed}">'
    return _page(
        site, site.title, f"<h1>{escape(site.title)}</h1>\n<p>{escape(site.tagline)}</p>\n<ul>\n{items}\n</ul>", head
    )


def article_page(site: SampleSite, entry: Entry) -> str:
    """The page that an entry's link leads to, with the entry's body as it is."""
    picture = ""
    if entry.picture:
        picture = f'<p><img src="{escape(entry.picture.url)}" alt="{escape(entry.picture.alt)}"></p>'
    head = f'<link rel="canonical" href="{escape(entry.url.partition("?")[0])}">'
    if entry.original:
        language, url = escape(entry.original.language), escape(entry.original.url)
        head += f'<link rel="alternate" hreflang="{language}" href="{url}">'
    heading = f"<h1>{escape(entry.title)}</h1>" if entry.title else ""
    when = f'<time datetime="{entry.published_at.isoformat()}">{entry.published_at:%Y-%m-%d %H:%M} UTC</time>'
    body = f"<article>\n{heading}\n<p>{when}</p>\n{picture}\n{entry.body}\n</article>"
    return _page(site, entry.title or site.title, body, head, entry.language)


def topic_page(site: SampleSite, topic: str) -> str:
    """Where the relative links inside the texts lead."""
    return _page(
        site, topic, f"<h1>{escape(topic.replace('-', ' ').capitalize())}</h1>\n<p>Nothing is filed here yet.</p>"
    )


def _heading(entry: Entry) -> str:
    return escape(entry.title) if entry.title else f"{entry.published_at:%Y-%m-%d %H:%M}"


def _page(site: SampleSite, title: str, main: str, head: str = "", language: str | None = None) -> str:
    return f"""<!doctype html>
<html lang="{escape(language or site.language or "en")}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>
{head}<style>{STYLE}:root{{--colour:{site.colour}}}</style></head>
<body><header><a href="/">{escape(site.name)}</a></header>
<main>
{main}
</main>
<footer lang="en">{NOTE}</footer></body></html>
"""
