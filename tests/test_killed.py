"""kill -9 at any moment, then start again: nothing collected or decided is lost or doubled."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

from aggregator.machine import utc_now
from aggregator.store.engine import open_database
from aggregator.store.tables import decision, item, sighting
from curation.editors import Role, add_editor, make_token
from tests.builders import sighting as entry
from tests.conftest import SOURCES
from tests.partner import PartnerSite
from tests.preloaded import Nursery
from tests.program import Program, program

KILLS = 10
ENTRIES_A_ROUND = 6


@pytest.fixture
def environment(site: PartnerSite, database_url: str, tmp_path: Path) -> dict[str, str]:
    text = SOURCES.format(url=site.url).replace('languages = ["en"]\n', 'languages = ["en"]\nevery = "10s"\n')
    (tmp_path / "sources.toml").write_text(text)
    return {
        "MPOWER_DATABASE_URL": database_url,
        "MPOWER_ALLOW_PRIVATE": site.url.removeprefix("http://"),
        "MPOWER_LEASE_SECONDS": "2",
    }


async def approve_what_waits(url: str, token: str, acknowledged: set[str]) -> None:
    """Decide as fast as it goes, and remember each decision that was answered with yes."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            async with session.get(f"{url}/curation/api/items?limit=100") as answer:
                items = (await answer.json())["items"]
            for waiting in items:
                body = {"action": "approve", "version": waiting["_mpower"]["version"]}
                async with session.post(f"{url}/curation/api/items/{waiting['id']}/decision", json=body) as decided:
                    if decided.status == 200:
                        acknowledged.add(waiting["id"])
            for source in ("held", "trusted"):
                async with session.post(f"{url}/curation/api/sources/{source}/collect"):
                    pass
            await asyncio.sleep(0.02)


async def live_and_die(running: Program, token: str, acknowledged: set[str], seconds: float) -> None:
    deciding = asyncio.create_task(approve_what_waits(running.url, token, acknowledged))
    await asyncio.sleep(seconds)
    running.kill()
    await running.process.wait()
    deciding.cancel()
    await asyncio.gather(deciding, return_exceptions=True)


@pytest.mark.long
async def test_nothing_is_lost_or_doubled_by_a_kill_at_any_moment(
    site: PartnerSite, environment: dict[str, str], database_url: str, tmp_path: Path, nursery: Nursery
) -> None:
    async with open_database(database_url) as database, database.write() as connection:
        await add_editor(connection, "ana", role=Role.EDITOR, now=utc_now())
        token = await make_token(connection, "ana", now=utc_now())
    chance, acknowledged, published = random.Random(), set[str](), 0
    for _ in range(KILLS):
        published += ENTRIES_A_ROUND
        site.publish([entry(n) for n in range(published)])
        site.publish([entry(n, url=f"https://tni.example/{n}") for n in range(published)], "/trusted")
        async with program("run", folder=tmp_path, environment=environment, nursery=nursery) as running:
            await live_and_die(running, token, acknowledged, chance.uniform(0.0, 0.7))
    async with program("collect", folder=tmp_path, environment=environment, ready=False) as running:
        await running.process.communicate()
        assert running.process.returncode == 0
    async with open_database(database_url) as database, database.read() as connection:
        counted = dict(
            (await connection.execute(select(item.c.source_id, func.count()).group_by(item.c.source_id))).all()
        )
        entries = await connection.scalar(select(func.count()).select_from(sighting))
        states = dict((await connection.execute(select(item.c.id, item.c.state))).all())
        decided = (
            (await connection.execute(select(decision.c.item_id).where(decision.c.editor == "ana"))).scalars().all()
        )
    assert counted == {"held": published, "trusted": published}
    assert entries == 2 * published
    assert len(decided) == len(set(decided))
    assert acknowledged <= set(decided)
    assert all(states[item_id] == "approved" for item_id in decided)
