#!/bin/sh
# Installs the contestants that are no Python packages, where that can be done: npm's widgets, Debian's newsboat and rss2email.
here=$(dirname "$0")/peers there=.venv/bench/peers
# Widgets, and what looks at pages: pinned, without what their packages would run or fetch at install.
if ! cmp -s "$here/package-lock.json" "$there/package-lock.json" 2>/dev/null; then
    if command -v npm >/dev/null; then
        mkdir -p "$there" && cp "$here/package.json" "$here/package-lock.json" "$there/"
        (cd "$there" && PUPPETEER_SKIP_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund --silent) \
            || { rm -f "$there/package-lock.json"; echo "npm cannot install the widget's peers here: they will be missing from the table."; }
    else
        echo "There is no npm: the widget's peers and Lighthouse will be missing from the tables."
    fi
fi
# The tests' chromium may be the one without windows; what people use is measured with theirs.
if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null 2>&1 || echo "No chromium: what needs a browser will be missing from the tables."
fi
command -v newsboat >/dev/null && command -v r2e >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get install -y -qq --no-install-recommends newsboat rss2email >/dev/null 2>&1 && exit 0
    apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq --no-install-recommends newsboat rss2email >/dev/null 2>&1 && exit 0
fi
echo "newsboat and rss2email are not here and cannot be installed: they will be missing from the table."
