"""Whether the process that held something has died: told on the same machine only, and only where it is sure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import holders
from aggregator.holders import has_died, name_of_this_process

SCRIPT = "import sys; from aggregator.holders import *; print(name_of_this_process(), flush=True); sys.stdin.read()"


def test_a_process_is_alive_until_it_is_killed_even_where_nobody_has_cleared_it_away() -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout
        name = process.stdout.readline().strip()
        assert not has_died(name)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the list of processes
        assert has_died(name)
    assert has_died(name)


def test_this_process_lives_and_has_another_name_each_time() -> None:
    first, second = name_of_this_process(), name_of_this_process()
    assert first != second
    assert not has_died(first)


def test_another_process_of_the_same_number_is_not_the_one_that_died() -> None:
    host, place, number, began, own = name_of_this_process().split(" ")
    assert has_died(" ".join((host, place, number, str(int(began) - 1), own)))


@pytest.mark.parametrize("part", [0, 1])
def test_of_other_machines_and_containers_nothing_can_be_told(part: int) -> None:
    parts = name_of_this_process().split(" ")
    parts[part], parts[2], parts[3] = "elsewhere", "999999999", "1"
    assert not has_died(" ".join(parts))


def test_where_the_system_does_not_say_nobody_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = name_of_this_process()
    monkeypatch.setattr(holders, "PROC", tmp_path)
    name = name_of_this_process()
    assert " " not in name
    assert not has_died(name)
    assert not has_died(told)


@given(st.text() | st.lists(st.text(), min_size=5, max_size=5).map(" ".join))
def test_what_is_no_such_name_is_nobody_who_died(name: str) -> None:
    assert not has_died(name)
