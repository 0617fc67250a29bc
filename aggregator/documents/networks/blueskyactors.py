"""Who an account on Bluesky is to readers (lexicon app.bsky.actor.defs#profileViewBasic)."""

from __future__ import annotations

from aggregator.documents import fields
from aggregator.documents.jsonparts import Object, text_at
from aggregator.documents.networks.aturis import is_did, is_handle, profile_page
from aggregator.model import Author


def read_author(profile: Object, did: str) -> Author:
    """An account by its name, else its handle. `did` stands in where the profile names none.

    The address is by handle, as readers know it and as an editor copies it to block somebody.
    """
    named = (text_at(profile, "handle"), text_at(profile, "did"))
    actor = next((name for name in named if is_handle(name) or is_did(name)), did)
    name = fields.clean(text_at(profile, "displayName"), fields.MAX_NAME)
    return Author(name or fields.clean(actor, fields.MAX_NAME), profile_page(actor))
