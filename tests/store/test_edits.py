"""Whether two addresses are of one picture."""

from __future__ import annotations

import pytest

from aggregator.refine.links import canonical_url
from aggregator.store.edits import is_same_file

AKAMAI = "https://media.example/exp={0}~acl=%2Fa%2F%2A~hmac={0}f00/a/cover.jpg"
BUNNY = "https://media.example/bcdn_token=HS256-{0}&expires={0}&token_path=%2Fa%2F/a/cover.jpg"
GOOGLE = "https://media.example/a/edge-cache-token=Expires={0}&KeyName=k&Signature={0}==/cover.jpg"
AMAZON = "https://media.example/a/cover.jpg?X-Amz-Date={0}&X-Amz-Expires=900&X-Amz-Signature={0}"
NEXT = "https://site.example/_next/image?url=https%3A%2F%2Fmedia.example%2F{}&w=640&q=75"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(AMAZON.format(1), AMAZON.format(2), id="a signature in the query"),
        pytest.param(
            "https://s.example/file/7?token=1", "https://s.example/file/7?token=2", id="a file without a name"
        ),
        pytest.param(AKAMAI.format(1), AKAMAI.format(2), id="Akamai's token"),
        pytest.param(BUNNY.format(1), BUNNY.format(2), id="Bunny's token"),
        pytest.param(GOOGLE.format(1), GOOGLE.format(2), id="a token of Google's Media CDN"),
        pytest.param(AKAMAI.format(1), BUNNY.format(2), id="signed by another"),
        pytest.param(NEXT.format("a.jpg%3Fsig%3D1"), NEXT.format("a.jpg%3Fsig%3D2"), id="a signature within a query"),
        pytest.param(NEXT.format("a.jpg"), NEXT.format("a.jpg").replace("640", "1200"), id="another size of it"),
        pytest.param("https://s.example/i.php?id=7&sid=1", "https://s.example/i.php?id=7&sid=2", id="a visit's number"),
        pytest.param("http://old.example/a/1.jpg", "https://new.example/a/1.jpg", id="a site that moved"),
        pytest.param("https://cdn-1.example/a/1.jpg?e=1", "https://cdn-2.example/a/1.jpg?e=2", id="another mirror"),
        pytest.param("https://s.example/a/1.jpg", "https://s.example/a/1.jpg#x", id="a fragment"),
    ],
)
def test_a_picture_is_the_same_under_another_signature_and_on_another_host(before: str, now: str) -> None:
    assert is_same_file(canonical_url(before), canonical_url(now))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param("https://s.example/a/cover.jpg", "https://s.example/b/cover.jpg", id="another folder"),
        pytest.param("https://s.example/a/cover.jpg", "https://t.example/b/cover.jpg", id="another folder elsewhere"),
        pytest.param("https://s.example/1/", "https://s.example/2/", id="no names at all"),
        pytest.param(AKAMAI.format(1), AKAMAI.format(1).replace("/a/cover", "/b/cover"), id="signed alike"),
        pytest.param(GOOGLE.format(1), GOOGLE.format(2).replace("/a/", "/b/"), id="before a token"),
        pytest.param(NEXT.format("a.jpg"), NEXT.format("b.jpg"), id="a program is asked for another"),
        pytest.param("https://s.example/i.php?id=2", "https://s.example/i.php?id=3", id="another number"),
        pytest.param("https://s.example/i?photo_id=2&w=1", "https://s.example/i?photo_id=3&w=1", id="a photo's number"),
        pytest.param("https://s.example/a.jpg", None, id="none any more"),
        pytest.param(None, None, id="none at all"),
    ],
)
def test_a_picture_at_another_place_is_another(before: str | None, now: str | None) -> None:
    assert not is_same_file(canonical_url(before), canonical_url(now))
