#!/bin/sh
# Brings Debian's chromium for the browser tests where that can be done, and says plainly where it cannot.
# The one without windows, which not every system has, makes a page at a fifth of the expense.
command -v chromium-headless-shell >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing chromium for the browser tests …"
    apt-get update -qq >/dev/null
    for name in chromium-headless-shell chromium; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$name" fonts-dejavu >/dev/null 2>&1 && exit 0
    done
fi
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
echo "No chromium here, and it cannot be installed from this account: the browser tests will be skipped."
echo "To run them: install chromium (Debian, Ubuntu: sudo apt-get install chromium; Fedora: sudo dnf install chromium) and run make test again."
