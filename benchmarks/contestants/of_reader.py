"""`reader`, the feed reader library, with ten workers.

python -m benchmarks.contestants.of_reader DATABASE < FEEDS
"""

from __future__ import annotations

import logging
import sys
import time

from reader import make_reader


def main() -> None:
    logging.disable(logging.CRITICAL)
    reader = make_reader(sys.argv[1])
    for url in sys.stdin.read().split():
        reader.add_feed(url, exist_ok=True)
    started, used = time.perf_counter(), time.process_time()
    reader.update_feeds(scheduled=False, workers=10)  # as often as it is asked
    sys.stdout.write(f"{time.perf_counter() - started} {time.process_time() - used}\n")
    reader.close()


if __name__ == "__main__":
    main()
