"""Every kind of source has its page, and the index names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.collectors import KINDS

DOCS = Path(__file__).parents[2] / "docs" / "sources"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_its_page_with_an_example(kind: str) -> None:
    page = (DOCS / f"{kind}.md").read_text()
    assert f'kind = "{kind}"' in page
    assert f"[{kind}]({kind}.md)" in (DOCS / "README.md").read_text()
    for option in KINDS[kind].rules.options | KINDS[kind].rules.needs:
        assert f"`{option}`" in page or f"{option} =" in page or f"[source.{option}]" in page, option
