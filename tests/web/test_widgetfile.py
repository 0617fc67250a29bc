"""The widget as it is served: its file with its style, what only some pages ask for, and nothing from elsewhere."""

from __future__ import annotations

import os
import re
import shutil

import brotli
import pytest

from tools.widget import STYLES, TERSER, files, style
from web.strings import all_strings
from web.widgetfile import FOLDER, widget_extras, widget_module, widget_style

# Bytes as a host sends them by brotli: what every page loads, and that with what only some pages ask for.
EVERY_PAGE, ALL = 5_000, 6_970


def test_the_served_files_are_made_of_the_written_ones() -> None:
    assert widget_style() == style(*STYLES), "make widget makes them anew"
    if not TERSER.exists() or not shutil.which("node"):
        if os.environ.get("CI"):
            pytest.fail("there is no terser: make test installs it where npm is at hand")
        pytest.skip("there is no terser: install npm and run make test again")
    made = files()
    assert widget_module() == made["widget.js"], "make widget makes them anew"
    assert widget_extras() == made["widget-extras.js"], "make widget makes them anew"


def test_the_widget_stays_small() -> None:
    every_page, extras = (len(brotli.compress(file().encode(), quality=11)) for file in (widget_module, widget_extras))
    assert every_page <= EVERY_PAGE
    assert every_page + extras <= ALL


def test_the_second_file_stands_alone() -> None:
    """Its first file may have another address than it knows (`?ver=`), and must not run twice."""
    assert not re.search(r"\bimport\b", widget_extras())
    assert re.findall(r"import\(([^)]*)\)", widget_module()) == ['"./widget-extras.js"']


def test_the_script_knows_which_languages_have_words() -> None:
    written = re.search(r"/\^\(([^)]*)\)\$/\.test\(spoken\)", (FOLDER / "part.js").read_text("utf-8"))
    assert written is not None
    known = re.compile(written[1])
    assert all(known.fullmatch(language) for language in all_strings())
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert {a + b for a in letters for b in letters if known.fullmatch(a + b)} == set(all_strings())


def test_the_module_names_no_other_host() -> None:
    hosts = set(re.findall(r"https?://[\w.-]+", widget_module() + widget_extras())) - {"https://HOST"}
    assert hosts == set()


def test_the_module_uses_nothing_that_trusted_types_or_a_strict_policy_refuse() -> None:
    code = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.js"))
    for refused in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "eval(",
        "new Function",
        "document.write",
        "style=",
    ):
        assert refused not in code


def test_every_custom_property_and_class_name_is_documented() -> None:
    source = (FOLDER / "widget.css").read_text("utf-8")
    head = source[: source.index("*/")]
    source += "".join((FOLDER / name).read_text("utf-8") for name in STYLES[1:])
    for name in set(re.findall(r"var\((--mpower-[a-z-]+)", source)):
        assert name in head
    module = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.js"))
    made = {f"-{name}" for name in re.findall(r"\bmake\([\"`][a-z0-9${}]+\.([a-z]+)", module)}
    assert len(made) > 25
    for name in made | set(re.findall(r"\.mpower(-[a-z]+)", source)):
        assert name in head, name


def test_comments_are_not_served() -> None:
    assert "/*" not in widget_style()
    for text in (widget_module(), widget_extras()):
        assert not re.search(r"^(//|/\*|\*)", text, re.MULTILINE)


def test_the_documentation_names_every_attribute_event_property_and_class_name() -> None:
    text = (FOLDER.parents[1] / "docs" / "widget.md").read_text("utf-8")
    code = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.js")}
    whole, looks = "".join(code.values()), "".join(path.read_text("utf-8") for path in FOLDER.glob("*.css"))
    attributes = {*re.findall(r'given\("([a-z-]+)"\)', whole), "lang", "prefer", "layout"}
    attributes |= set(re.search(r'FILTERS = parted\("([^"]+)"\)', code["stream.js"])[1].split())  # type: ignore[index]
    documented = set(re.findall(r"`([a-z-]+)`", text[text.index("## Attributes") : text.index("## Events")]))
    assert attributes - documented == set()
    events = {f"mpower-stream:{name}" for name in re.findall(r'report\(\s*"(\w+)"', code["stream.js"])}
    events |= {"mpower-stream:more", "mpower-stream:error", "mpower-languages:change"}
    assert {name for name in re.findall(r"`(mpower-[a-z]+:[a-z]+)`", text) if ":error" not in name} | {
        "mpower-stream:error"
    } == events
    assert set(re.findall(r"`(--mpower-[a-z-]+)`", text)) == set(re.findall(r"var\((--mpower-[a-z-]+)", looks))
    names = {*re.findall(r"\.(mpower-[a-z]+)", looks)}
    names |= {f"mpower-{name}" for name in re.findall(r"\bmake\([\"`][a-z0-9${}]+\.([a-z]+)", whole)}
    assert names - set(re.findall(r"`(mpower-[a-z]+)`", text)) == set()
