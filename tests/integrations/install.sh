#!/bin/sh
# Brings Debian's WordPress, PHP and MariaDB for tests/integrations where that can be done, and says plainly where it cannot.
# None of the packages starts a server: micro-httpd and php-cgi stand in for the Apache that WordPress would bring along.
PACKAGES="wordpress wordpress-theme-twentytwentythree micro-httpd php php-cgi php-cli php-mysql php-xml php-mbstring mariadb-server-core"
[ -e /usr/share/wordpress/wp-load.php ] && command -v php >/dev/null && command -v mariadbd >/dev/null && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing WordPress for the plugin's tests …"
    # shellcheck disable=SC2086 # a list of words
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $PACKAGES >/dev/null 2>&1 && exit 0
fi
echo "No WordPress here, and it cannot be installed from this account: the plugin's tests will be skipped."
echo "To run them: sudo apt-get install --no-install-recommends $PACKAGES"
