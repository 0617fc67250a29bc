"""The widget as it is served: one file, with its style, its English words, and nothing from elsewhere."""

from __future__ import annotations

import gzip
import re

from web.strings import all_strings
from web.widgetfile import FOLDER, widget_module, widget_style


def test_style_words_and_languages_are_in_the_module() -> None:
    module = widget_module()
    assert ".mpower-row" in module
    assert "Load more" in module
    assert all(f'"{language}"' in module for language in all_strings())
    assert 'style: ""' not in module


def test_the_module_names_no_other_host() -> None:
    hosts = set(re.findall(r"https?://[\w.-]+", widget_module())) - {"https://HOST"}
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
    for name in set(re.findall(r"var\((--mpower-[a-z-]+)", source)):
        assert name in head
    module = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.js"))
    for name in set(re.findall(r"\bmpower(-[a-z]+)(?=\")", module)) - {"-stream"}:
        assert name in head, name


def test_comments_are_not_served() -> None:
    assert "/*" not in widget_style()
    assert not re.search(r"^(//|/\*|\*)", widget_module(), re.MULTILINE)


def test_the_widget_stays_small() -> None:
    assert len(gzip.compress(widget_module().encode())) < 8_500
