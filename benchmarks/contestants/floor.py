"""The floor: the least that a collector can do. Strict lxml, one transaction a feed, nothing cleaned or recognised.

python -m benchmarks.contestants.floor DATABASE < FEEDS
"""

from __future__ import annotations

import gzip
import http.client
import sqlite3
import sys
import time
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


def _text(entry: etree._Element, *names: str) -> str | None:
    return next((found for name in names if (found := entry.findtext(name)) is not None), None)


def rows(body: bytes) -> list[tuple[str | None, ...]]:
    """Title, link, date and body of each entry."""
    found = []
    for entry in etree.fromstring(body).iter("{*}item", ATOM + "entry"):
        link = _text(entry, "{*}link") or next((at.get("href") for at in entry.iterfind(ATOM + "link")), None)
        date = _text(entry, "pubDate", ATOM + "published", "{*}date")
        found.append((_text(entry, "{*}title"), link, date, _text(entry, CONTENT, "{*}description", ATOM + "content")))
    return found


def main() -> None:
    database = sqlite3.connect(sys.argv[1], isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE IF NOT EXISTS feed (url TEXT PRIMARY KEY, etag TEXT)")
    database.execute(
        "CREATE TABLE IF NOT EXISTS entry (url TEXT, title TEXT, link TEXT, date TEXT, body TEXT, UNIQUE (url, link))"
    )
    urls = sys.stdin.read().split()
    started, used = time.perf_counter(), time.process_time()
    for url in urls:
        try:
            _collect(database, url)
        except (OSError, etree.XMLSyntaxError, http.client.HTTPException, EOFError) as error:
            sys.stderr.write(f"{url}: {error}\n")
    sys.stdout.write(f"{time.perf_counter() - started} {time.process_time() - used}\n")


def _collect(database: sqlite3.Connection, url: str) -> None:
    parts = urlsplit(url)
    known = database.execute("SELECT etag FROM feed WHERE url = ?", (url,)).fetchone()
    headers = {"Accept-Encoding": "gzip", **({"If-None-Match": known[0]} if known else {})}
    connection = http.client.HTTPConnection(parts.netloc, timeout=15)
    connection.request("GET", parts.path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        return
    if answer.headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    entries = [(url, *row) for row in rows(body)]
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?)", entries)
    database.execute("INSERT OR REPLACE INTO feed VALUES (?, ?)", (url, answer.headers["ETag"]))
    database.execute("COMMIT")


if __name__ == "__main__":
    main()
