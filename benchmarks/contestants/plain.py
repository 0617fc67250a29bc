"""What one would write in an afternoon: feedparser and sqlite3, ten feeds fetched at a time.

python -m benchmarks.contestants.plain DATABASE < FEEDS
"""

from __future__ import annotations

import gzip
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import feedparser

Fetched = tuple[str, bytes, dict[str, str]]


def _fetch(url: str, etag: str | None) -> Fetched | None:
    headers = {"Accept-Encoding": "gzip", **({"If-None-Match": etag} if etag else {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=15) as answer:
            return url, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except (OSError, urllib.error.HTTPError):
        return None


def main() -> None:
    database = sqlite3.connect(sys.argv[1])
    database.execute("CREATE TABLE IF NOT EXISTS feed (url TEXT PRIMARY KEY, etag TEXT)")
    database.execute(
        "CREATE TABLE IF NOT EXISTS entry (url TEXT, id TEXT, title TEXT, link TEXT, date TEXT, body TEXT,"
        " PRIMARY KEY (url, id))"
    )
    urls = sys.stdin.read().split()
    known = dict(database.execute("SELECT url, etag FROM feed"))
    started, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(10) as pool:
        for fetched in pool.map(lambda url: _fetch(url, known.get(url)), urls):
            if fetched:
                _keep(database, *fetched)
    sys.stdout.write(f"{time.perf_counter() - started} {time.process_time() - used}\n")


def _keep(database: sqlite3.Connection, url: str, body: bytes, headers: dict[str, str]) -> None:
    if headers.get("content-encoding") == "gzip":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError):
            return
    feed = feedparser.parse(body, response_headers={"content-type": headers.get("content-type", "")})
    with database:
        for entry in feed.entries:
            text = entry.content[0].value if "content" in entry else entry.get("summary")
            row = (url, entry.get("id"), entry.get("title"), entry.get("link"), entry.get("published"), text)
            database.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?)", row)
        database.execute("INSERT OR REPLACE INTO feed VALUES (?, ?)", (url, headers.get("etag")))


if __name__ == "__main__":
    main()
