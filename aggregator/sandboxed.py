"""What runs in a process of the sandbox: requests in, replies out, and nothing that a document could misuse.

It is the only module that such a process starts with, and imports little: neither an event loop nor a parser. What most
requests need is imported before the first, where the program names it; all else with the function that a request names.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import math
import os
import pickle
import resource
import signal
import sys
import time
from typing import BinaryIO

from aggregator.errors import AggregatorError, DocumentError

# Starting Python and importing the parsers is not the document's fault, so it has a limit of its own.
START_SECONDS = 60
STARTED, REPLY = b"s", b"r"
LENGTH = 8
GARBAGE = 50_000  # new objects, before those that hold each other are looked for

_REFUSED_EVENTS = frozenset(
    {
        *("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"),
        *("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.kill"),
    }
)


def be_two(parent: int, way: int) -> None:
    """Fork a process that goes on as this one does, with that open file as its standard input and output.

    Before anything hostile is read. It shares the memory of all that was imported, and starts in no time. Its parent is
    ours: it must not end with this process.
    """
    gc.freeze()  # else the first look for garbage would copy it all
    if between := os.fork():
        os.waitpid(between, 0)
        os.close(way)
        return
    between = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == between:  # until it has ended: then ours adopts this one, or has ended, too
        time.sleep(0.0005)
    os.setsid()  # as each that is started; those of one session share a processor's time on Linux
    for standard in (0, 1):
        os.dup2(way, standard)
    os.close(way)
    _die_with(parent)
    with contextlib.suppress(OSError):  # nobody listens any more: there will be no request either
        os.write(1, os.getpid().to_bytes(LENGTH, "big"))


def serve(parent: int, seconds: float, megabytes: int) -> None:
    """Answer requests on standard input until it ends."""
    _die_with(parent)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, megabytes * 1024 * 1024)
    sys.addaudithook(_refuse)
    # Nearly all that a document becomes goes without being looked for: a tenth of the time is saved.
    gc.set_threshold(GARBAGE)
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        # What a parser prints must get neither into the answers nor, from a hostile document, into the log.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        while request := _next(requests):
            # A second line of defence, for where this process outlives the one that would stop it.
            _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + 10 * seconds) + START_SECONDS)
            reply, is_well = _perform(request, answers, megabytes)
            answers.write(REPLY + len(reply).to_bytes(LENGTH, "big") + reply)
            answers.flush()
            if not is_well:
                return


def _perform(request: bytes, answers: BinaryIO, megabytes: int) -> tuple[bytes, bool]:
    """The pickled reply, and whether this process is fit for another request."""
    error: AggregatorError
    try:
        try:
            function, args = pickle.loads(request)  # noqa: S301 - our own parent's
        finally:
            answers.write(STARTED)
            answers.flush()
        return pickle.dumps((True, function(*args)), pickle.HIGHEST_PROTOCOL), True
    except AggregatorError as known:
        error = known
    except MemoryError:
        error = DocumentError(f"the document needs more than {megabytes:,} MB to read and was stopped")
        return pickle.dumps((False, error)), False
    except Exception as unknown:  # noqa: BLE001 - parsers raise what they like for what they did not foresee
        said = "".join(char if char.isprintable() else " " for char in str(unknown)[:200])
        error = DocumentError(f"the document broke its reader ({type(unknown).__name__}: {said})")
    return pickle.dumps((False, error)), True


def _next(requests: BinaryIO) -> bytes:
    return requests.read(int.from_bytes(requests.read(LENGTH), "big"))


def _limit(what: int, amount: int) -> None:
    """Lower a limit, or leave it where the system has a lower one or (RLIMIT_AS on macOS) none at all."""
    _, most = resource.getrlimit(what)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (amount if most == resource.RLIM_INFINITY else min(amount, most), most))


def _die_with(parent: int) -> None:
    """Be killed when the parent is, even by SIGKILL. Elsewhere than on Linux the end of standard input must do."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG in linux/prctl.h
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            sys.exit()


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event in _REFUSED_EVENTS:
        raise PermissionError(f"a document's reader may not do this: {event}")


if __name__ == "__main__":
    _die_with(int(sys.argv[1]))
    for needed in sys.argv[5:]:
        importlib.import_module(needed)
    if int(sys.argv[4]):
        be_two(int(sys.argv[1]), int(sys.argv[4]))
    serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
