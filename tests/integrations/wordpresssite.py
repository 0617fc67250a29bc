"""Debian's WordPress with our plugin: its files in a folder of their own, PHP's own server, a MariaDB that nobody else reaches."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, encode_basic_auth

# Debian's, unless another is named: that is how newer ones are tried.
WORDPRESS = Path(os.environ.get("MPOWER_TEST_WORDPRESS", "/usr/share/wordpress"))
PLUGIN = Path(__file__).parents[2] / "integrations" / "wordpress" / "mpower-stream"
LIMIT_SECONDS = 60
CONFIG = """<?php
define( 'DB_NAME', 'wp' ); define( 'DB_USER', 'wp' ); define( 'DB_PASSWORD', '' ); define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_HOST', 'localhost:%(socket)s' );
define( 'WP_HOME', '%(url)s' ); define( 'WP_SITEURL', '%(url)s' );
define( 'AUTH_KEY', 'a' ); define( 'AUTH_SALT', 'b' ); define( 'NONCE_KEY', 'c' ); define( 'NONCE_SALT', 'd' );
define( 'WP_DEBUG', true ); define( 'WP_DEBUG_LOG', '%(log)s' ); define( 'WP_DEBUG_DISPLAY', false );
define( 'DISABLE_WP_CRON', true ); define( 'WP_HTTP_BLOCK_EXTERNAL', true ); define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1' );
define( 'WP_ENVIRONMENT_TYPE', 'local' ); // application passwords without https
$table_prefix = 'wp_';
require ABSPATH . 'wp-settings.php';
"""
# What production refuses: a stream on loopback, at a port of its own. And the plugin's waiting times, as tests set them.
ALLOWED = """<?php
add_filter( 'http_request_host_is_external', '__return_true' );
add_filter( 'http_allowed_safe_ports', function ( $ports, $host, $url ) {
    return '127.0.0.1' === $host ? array_merge( $ports, array( (int) wp_parse_url( $url, PHP_URL_PORT ) ) ) : $ports;
}, 10, 3 );
add_filter( 'pre_wp_mail', '__return_true' );
// Asks nobody for updates.
foreach ( array( 'core', 'plugins', 'themes' ) as $name ) {
    add_filter( "pre_site_transient_update_$name", function () {
        $none = array( 'updates' => array(), 'response' => array(), 'translations' => array(), 'no_update' => array() );
        return (object) ( $none + array( 'last_checked' => time(), 'version_checked' => get_bloginfo( 'version' ) ) );
    } );
}
foreach ( array( 'fresh', 'retry' ) as $name ) {
    add_filter( "mpower_stream_{$name}_seconds", function () use ( $name ) {
        return (int) file_get_contents( ABSPATH . $name );
    } );
}
"""
INSTALL = """
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
wp_install( 'A town', 'admin', 'admin@town.example', true, '', 'admin' );
$said = activate_plugin( 'mpower-stream/mpower-stream.php' );
$keys = array();
foreach ( array( 'admin' => 'administrator', 'nerea' => 'author', 'luka' => 'subscriber' ) as $name => $role ) {
    $id = username_exists( $name ) ?: wp_insert_user( array( 'user_login' => $name, 'user_pass' => $name, 'role' => $role ) );
    list( $keys[ $name ] ) = WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'tests' ) );
}
$answer = array( 'said' => $said, 'keys' => $keys, 'version' => $wp_version );
"""


def missing() -> str | None:
    """What this machine lacks for a WordPress, in words; None where it has all."""
    for name in ("php", "mariadbd"):
        if not shutil.which(name):
            return f"there is no {name}: run make wordpress, or what tests/integrations/install.sh says"
    if not (WORDPRESS / "wp-load.php").is_file():
        return "there is no Debian package wordpress: run make wordpress, or what tests/integrations/install.sh says"
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True).stdout
    lacking = {"mysqli", "xml", "mbstring"} - set(modules.split())
    return f"PHP lacks its modules {', '.join(sorted(lacking))}" if lacking else None


@dataclass
class WordPressSite:
    """A running WordPress. Its folder is that of its files."""

    url: str
    folder: Path
    log: Path
    keys: dict[str, str]
    version: str

    def php(self, code: str, **values: Any) -> Any:
        """Run that code within WordPress; `$given` holds the values, `$answer` is what comes back."""
        return run_php(self.folder, self.url, code, values)

    def complaints(self) -> list[str]:
        """What PHP and WordPress have said of the plugin, or of how it calls them. This WordPress is older than this PHP."""
        own = re.compile(r"PHP Deprecated: .* in \S+/(?!plugins/)(?:wp-includes|wp-admin)/\S+ on line \d+")
        said = re.split(r"\n(?=\[)", self.log.read_text())
        return [line for line in said if line.strip() and ("mpower_stream" in line or not own.search(line))]

    def show(self, *addresses: str, fresh: int = 60, retry: int = 60) -> None:
        """Forget what was kept, and show these streams from now on."""
        self.patience(fresh=fresh, retry=retry)
        self.php(
            "$wpdb->query( \"DELETE FROM $wpdb->options WHERE option_name LIKE '%mpower_stream%'\" ); wp_cache_flush();"
            "update_option( 'mpower_stream_addresses', $given['addresses'] );",
            addresses=addresses,
        )

    def patience(self, *, fresh: int = 60, retry: int = 60) -> None:
        """How many seconds an answer is fresh, and a failure is waited upon."""
        (self.folder / "fresh").write_text(str(fresh))
        (self.folder / "retry").write_text(str(retry))

    async def publish(self, session: ClientSession, content: str, *, author: str = "admin") -> str:
        """The address of a new page with that content, written over WordPress's REST API as by its editor."""
        async with session.post(
            f"{self.url}/?rest_route=/wp/v2/posts",
            json={"title": "News", "content": content, "status": "publish"},
            headers={"Authorization": encode_basic_auth(author, self.keys[author])},
        ) as answer:
            post = await answer.json()
            assert answer.status == 201, post
        return f"{self.url}/?p={post['id']}"


def run_php(folder: Path, url: str, code: str, values: dict[str, Any]) -> Any:
    frame = (
        "<?php $_SERVER['HTTP_HOST'] = $argv[1]; $_SERVER['REQUEST_URI'] = '/';"
        " if ( 'yes' === $argv[3] ) { define( 'WP_INSTALLING', true ); }"
        " require $argv[2] . '/wp-load.php'; $given = json_decode( stream_get_contents( STDIN ), true ); $answer = null;"
        f"{code}\nfile_put_contents( $argv[4], json_encode( $answer ) );"
    )
    with tempfile.TemporaryDirectory(prefix="mpower-php-") as place:
        script, answer = Path(place) / "script.php", Path(place) / "answer.json"
        script.write_text(frame)
        # Compiled once for all scripts: half of their time.
        cache = folder.parent / "opcache"
        cache.mkdir(exist_ok=True)
        caching = [f"-dopcache.{value}" for value in ("enable_cli=1", "file_cache_only=1", f"file_cache={cache}")]
        words = [
            "php",
            *caching,
            script,
            url.removeprefix("http://"),
            folder,
            "yes" if code is INSTALL else "no",
            answer,
        ]
        subprocess.run(words, input=json.dumps(values), text=True, check=True, timeout=LIMIT_SECONDS)
        return json.loads(answer.read_text())


@contextmanager
def wordpress_site() -> Iterator[WordPressSite]:
    """A WordPress, freshly installed, with the plugin active. Ask `missing()` first."""
    with ExitStack() as ends:
        # Not below pytest's own folder, whose rights keep others than its owner out.
        place = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="mpower-wordpress-")))
        folder, data = place / "site", place / "data"
        shutil.copytree(WORDPRESS, folder)
        shutil.copytree(PLUGIN, folder / "wp-content" / "plugins" / "mpower-stream")
        (folder / "wp-content" / "mu-plugins").mkdir(exist_ok=True)
        (folder / "wp-content" / "mu-plugins" / "allowed.php").write_text(ALLOWED)
        data.mkdir()
        log = place / "debug.log"
        log.touch()
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        database = place / "database"
        (folder / "wp-config.php").write_text(CONFIG % {"socket": database, "url": url, "log": log})
        site = WordPressSite(url, folder, log, {}, "")
        site.patience()
        if os.geteuid() == 0:
            for path in (place, data, log):
                shutil.chown(path, "nobody")
        ends.enter_context(mariadb(data, database, place / "mariadb.log"))
        installed = site.php(INSTALL)
        assert installed["said"] is None, installed
        site.keys, site.version = installed["keys"], installed["version"]
        server = ["php", "-d", "opcache.enable_cli=1", "-S", f"127.0.0.1:{port}", "-t", str(folder)]
        ends.enter_context(process(server, place / "php.log", PHP_CLI_SERVER_WORKERS="4"))
        wait(lambda: answers(url))
        yield site


@contextmanager
def mariadb(data: Path, database: Path, log: Path) -> Iterator[None]:
    """A MariaDB for one WordPress, on a socket in a folder that others cannot enter; so it needs no accounts."""
    options = ("skip-networking", "skip-grant-tables", "innodb-flush-log-at-trx-commit=0", "innodb-log-file-size=8M")
    words = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={database}", f"--pid-file={data}/pid"]
    with process([*words, *(f"--{option}" for option in options)], log):
        wait(database.exists)
        create = (
            "(new mysqli('localhost', 'wp', '', '', 0, $argv[1]))->query('CREATE DATABASE wp CHARACTER SET utf8mb4');"
        )
        subprocess.run(["php", "-r", create, database], check=True, timeout=LIMIT_SECONDS)
        yield


@contextmanager
def process(words: Sequence[str], log: Path, **environment: str) -> Iterator[None]:
    """A server while it is needed, without root's rights."""
    user = "nobody" if os.geteuid() == 0 else None
    with log.open("wb") as output:
        running = subprocess.Popen(
            words, user=user, env={**os.environ, **environment}, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
        assert running.poll() is None, log.read_text()[-3000:]
    finally:
        # PHP's server leaves its workers behind when it alone is told to end; nothing that they hold is kept.
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(LIMIT_SECONDS)


def wait(is_there: Any) -> None:
    """Until that is so."""
    end = time.monotonic() + LIMIT_SECONDS
    while not is_there():
        assert time.monotonic() < end
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/wp-includes/css/buttons.css", timeout=5):
            return True
    except urllib.error.URLError:
        return False


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port
