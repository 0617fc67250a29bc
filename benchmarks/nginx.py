"""An nginx of one process: one that serves a folder, or the shipped configuration in front of a port."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[1] / "integrations" / "nginx" / "mpower-stream.conf"
FRAME = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {inside}
}}
"""
FILES = """
    types {{ application/feed+json json; }}
    server {{ listen 127.0.0.1:{port}; root {root}; }}
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def shipped(folder: Path, *, port: int, upstream: int) -> str:
    """The shipped configuration with its marked places filled in."""
    text = SHIPPED.read_text()
    for pattern, value in (
        (r"server 127\.0\.0\.1:8000;", f"server 127.0.0.1:{upstream};"),
        (r"listen 80;", f"listen 127.0.0.1:{port};"),
        (r"server_name [^;]+;", "server_name _;"),
        (r"/var/cache/nginx/mpower-stream", f"{folder}/cache"),
    ):
        text, times = re.subn(pattern, value, text)
        if not times:
            raise RuntimeError(f"{SHIPPED.name} has no {pattern}")
    return text


@contextmanager
def nginx(folder: Path, inside: str, port: int, *, prefix: Sequence[str] = ()) -> Iterator[int]:
    """An nginx with that inside its http block, until the context ends."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise RuntimeError("there is no nginx here")
    file = folder / "nginx.conf"
    # As root it would work as another, who may not read the folder.
    file.write_text(FRAME.format(folder=folder, inside=inside, user="user root;" if os.geteuid() == 0 else ""))
    process = subprocess.Popen([*prefix, program, "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")])
    try:
        for _ in range(200):
            with socket.socket() as knocking:
                if not knocking.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError((folder / "error.log").read_text())
        yield process.pid
    finally:
        process.terminate()
        process.wait()
