"""The folder of an export: what was there counts until the new one is whole, and others' files are nobody's to touch."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import SOURCES
from tests.web.exports import contents, stamps
from web.commands import main
from web.export.checking import check
from web.export.writing import MANIFEST, OURS, STAGE, ExportError, Writing, open_writing

Files = dict[str, bytes]
FIRST: Files = {"index.html": b"one", "item/a.html": b"a", "item/b.html": b"b"}
SECOND: Files = {"index.html": b"two", "item/b.html": b"b", "item/c.html": b"c"}


def put(writing: Writing, files: Files) -> None:
    for path, data in files.items():
        writing.put(path, data)


def write(folder: Path, files: Files) -> None:
    with open_writing(folder) as writing:
        put(writing, files)
        writing.finish()


def without_manifest(folder: Path) -> Files:
    return {path: data for path, data in contents(folder).items() if path != MANIFEST}


def test_a_second_one_removes_what_is_gone_and_nothing_that_is_not_ours(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    (tmp_path / "CNAME").write_text("archive.example")
    (tmp_path / "item/notes.txt").write_text("mine")
    before = stamps(tmp_path)
    write(tmp_path, SECOND)
    assert without_manifest(tmp_path) == SECOND | {"CNAME": b"archive.example", "item/notes.txt": b"mine"}
    assert stamps(tmp_path)["item/b.html"] == before["item/b.html"]
    report = check(tmp_path)
    assert (report.missing, report.changed, report.foreign) == ((), (), ("CNAME", "item/notes.txt"))


def test_a_folder_of_others_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("mine")
    with pytest.raises(ExportError, match=r"thesis\.odt.*name an empty folder"), open_writing(tmp_path):
        pass
    assert contents(tmp_path) == {"thesis.odt": b"mine"}


def test_a_file_of_others_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    (tmp_path / "item/c.html").write_text("mine")
    with pytest.raises(ExportError, match="move it away"):
        write(tmp_path, SECOND)
    assert without_manifest(tmp_path) == FIRST | {"item/c.html": b"mine"}


@pytest.mark.parametrize("path", ["../out", "/etc/x", ".git/config", "a/../../x", "manifest.json"])
def test_neither_an_id_nor_a_forged_manifest_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "folder"
    with pytest.raises(ExportError, match="cannot be a file"), open_writing(folder) as writing:
        writing.put(path, b"x")
    assert list(tmp_path.rglob("*")) == [folder]
    write(folder, FIRST)
    (tmp_path / "out").write_text("mine")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["../out"] = {"sha256": "0", "bytes": 1}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ExportError, match="names"):
        write(folder, SECOND)
    assert (tmp_path / "out").read_text() == "mine"


def test_an_export_of_another_version_is_neither_written_nor_checked(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    before = (tmp_path / MANIFEST).read_text().replace("export 1", "export 2")
    (tmp_path / MANIFEST).write_text(before)
    with pytest.raises(ExportError, match=r"another version \('mpower-stream export 2'.*newer one"):
        write(tmp_path, SECOND)
    with pytest.raises(ExportError, match="another version"):
        check(tmp_path)
    assert without_manifest(tmp_path) == FIRST
    assert (tmp_path / MANIFEST).read_text() == before


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
    elsewhere.mkdir()
    write(folder, {"index.html": b"one"})
    (folder / "item").symlink_to(elsewhere)
    with pytest.raises(ExportError, match="leads out"):
        write(folder, SECOND)
    assert list(elsewhere.iterdir()) == []


def test_one_that_is_interrupted_leaves_the_old_one_whole(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    before = stamps(tmp_path)
    with pytest.raises(KeyboardInterrupt), open_writing(tmp_path) as writing:
        put(writing, SECOND)
        raise KeyboardInterrupt
    assert stamps(tmp_path) == before
    assert check(tmp_path).is_whole


@pytest.mark.parametrize("steps", range(5))
def test_one_that_is_killed_among_its_last_steps_is_made_good_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    write(tmp_path, FIRST)
    done: list[str] = []
    for name in ("_put_in_place", "_remove"):
        whole: Callable[..., None] = getattr(Writing, name)

        def or_die(self: Writing, *words: object, whole: Callable[..., None] = whole) -> None:
            if len(done) == steps:
                raise SystemExit
            done.append("step")
            whole(self, *words)

        monkeypatch.setattr(Writing, name, or_die)
    # As by kill -9: nobody tidies up.
    monkeypatch.setattr(Writing, "clear", lambda _self: None)
    try:
        write(tmp_path, SECOND | {"item/d.html": b"d"})
    except SystemExit:
        assert (tmp_path / STAGE / OURS).exists()
    monkeypatch.undo()
    write(tmp_path, SECOND)
    assert without_manifest(tmp_path) == SECOND
    assert check(tmp_path).is_whole
    assert not (tmp_path / STAGE).exists()


def test_a_full_or_read_only_disk_is_one_clear_line_and_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, FIRST)

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ExportError, match=r"cannot be written: No space left on device; the export .* still counts"):
        write(tmp_path, SECOND)
    monkeypatch.undo()
    assert without_manifest(tmp_path) == FIRST
    assert check(tmp_path).is_whole
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"cannot be written: (Not a directory|File exists)"):
        write(tmp_path / "file/below", FIRST)


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    with open_writing(tmp_path) as writing:
        put(writing, FIRST)
        with pytest.raises(ExportError, match="another export is at work"):
            write(tmp_path, SECOND)
        writing.finish()
    assert without_manifest(tmp_path) == FIRST


def test_checking_names_a_flipped_byte_a_missing_and_a_foreign_file(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    assert check(tmp_path).is_whole
    (tmp_path / "item/a.html").write_bytes(b"A")
    (tmp_path / "item/b.html").unlink()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/1.jpg").write_bytes(b"x")
    (tmp_path / "item/.hidden").write_bytes(b"x")
    report = check(tmp_path)
    assert report.changed == ("item/a.html",)
    assert report.missing == ("item/b.html",)
    assert report.foreign == ("item/.hidden", "photos/")
    # A damaged file is made good, too.
    write(tmp_path, FIRST)
    assert (tmp_path / "item/a.html").read_bytes() == b"a"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPOWER_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/mpower.db")
    (tmp_path / "sources.toml").write_text(SOURCES.format(url="https://feeds.example"))
    return lambda *words: CliRunner().invoke(main, ["export", *words])


def test_the_command_exports_and_checks_without_database_or_sources(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = json.loads(run("out", "--json").stdout)
    assert set(said) == {"files", "bytes", "written", "removed"}
    assert said["files"] == said["written"] == len(contents(tmp_path / "out")) - 1
    assert "0 written, 0 removed" in run("out").stdout
    (tmp_path / "sources.toml").unlink()
    monkeypatch.setenv("MPOWER_DATABASE_URL", "nonsense")
    assert run("out", "--check").exit_code == 0
    (tmp_path / "out/index.html").write_text("else")
    result = run("out", "--check")
    assert result.exit_code == 1
    assert "changed: index.html" in result.stdout
    assert json.loads(run("out", "--check", "--json").stdout)["changed"] == ["index.html"]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("nowhere", "--check"), "holds no manifest.json, so it is no export; name the folder that holds it"),
        ((".",), "name an empty folder or a new one"),
        (("out", "--base-url", "archive"), "write one such as https://example.org/archive/"),
        (("out", "--base-url", "https://["), "write one such as https://example.org/archive/"),
        (("sources.toml/out",), "cannot be written: Not a directory"),
        (("var/media/out",), "is in the program's own folder of pictures"),
    ],
)
def test_a_mistake_is_one_clear_line_with_its_cure(
    run: Callable[..., Result], words: tuple[str, ...], cure: str
) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert cure in result.output
    assert result.output.count("Error: ") == result.output.count("\n") == 1
