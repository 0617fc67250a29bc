#!/bin/sh
# Installs the contestants that are no Python packages, where that can be done: Debian's newsboat and rss2email.
command -v newsboat >/dev/null && command -v r2e >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get install -y -qq --no-install-recommends newsboat rss2email >/dev/null 2>&1 && exit 0
    apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq --no-install-recommends newsboat rss2email >/dev/null 2>&1 && exit 0
fi
echo "newsboat and rss2email are not here and cannot be installed: they will be missing from the table."
