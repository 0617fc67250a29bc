"""WebSub against a hub and a subscriber that others wrote (flask-websub), on loopback, over real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.subscriber import Subscriber, discover
from werkzeug.serving import make_server

from aggregator.settings import Settings
from aggregator.store.subscriptions import PushState
from tests.partner import PartnerSite
from tests.serving import serving
from tests.test_ownhub import hub_of
from tests.test_subscribing import Pushed


class Tasks:
    """What the hub asks of celery: to run a function later, with itself as first argument where it says `bind`."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(4)

    def task(self, *, bind: bool = False, **_options: Any) -> Callable[[Callable[..., None]], Any]:
        def decorate(function: Callable[..., None]) -> Any:
            class Task:
                def delay(self, *arguments: Any) -> Any:
                    return pool.submit(function, *((self, *arguments) if bind else arguments))

            return Task()

        pool = self.pool
        return decorate


@asynccontextmanager
async def flask_hub(folder: Path) -> AsyncIterator[tuple[str, SQLite3HubStorage]]:
    tasks = Tasks()
    storage = SQLite3HubStorage(str(folder / "hub.sqlite3"))
    hub = Hub(storage, SIGNATURE_ALGORITHM="sha512", REQUEST_TIMEOUT=60)
    hub.init_celery(tasks)
    app = flask.Flask("a hub")
    app.config["PUBLISH_SUPPORTED"] = True
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    async with served(app) as address:
        try:
            yield f"{address}/hub", storage
        finally:
            tasks.pool.shutdown()


@asynccontextmanager
async def served(app: flask.Flask) -> AsyncIterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        await asyncio.to_thread(server.shutdown)
        thread.join()
        server.server_close()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, allow_private="127.0.0.1")


async def test_a_hub_that_others_wrote_confirms_and_delivers(machine, site: PartnerSite, tmp_path: Path) -> None:
    site.publish([], "/trusted")
    async with flask_hub(tmp_path) as (hub, storage), serving(machine) as address:
        pushed = Pushed(replace(machine, shop=replace(machine.shop, public_url=address)), site, None)
        topic = f"{site.url}/feed"
        site.headers["/feed"] = {"Link": f'<{topic}>; rel="self", <{hub}>; rel="hub"'}
        pushed.publish("one", hubs=())
        await pushed.work()
        async with asyncio.timeout(30):
            # The hub takes note of it only after we have said yes.
            while not list(storage.get_callbacks(topic)):
                await asyncio.sleep(0.02)
        assert (await pushed.subscription()).state is PushState.LIVE
        pushed.publish("two", hubs=())
        told = {"hub.mode": "publish", "hub.topic": topic}
        answer = await asyncio.to_thread(requests.post, hub, data=told, timeout=10)
        assert answer.status_code == 202
        async with asyncio.timeout(30):
            while await pushed.titles() != ["one", "two"]:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_subscriber_that_others_wrote_finds_our_hub_and_is_told(machine) -> None:
    heard: list[tuple[str, bytes]] = []
    confirmed: list[str] = []
    subscriber = Subscriber({}, {})
    subscriber.add_listener(lambda topic, _callback, body: heard.append((topic, body)))
    subscriber.add_success_handler(lambda _topic, _callback, mode: confirmed.append(mode))
    app = flask.Flask("a subscriber")
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))
    async with served(app) as address, hub_of(machine) as hub:
        topic = f"{hub.root}/stream.atom?tag=solar"

        def ask() -> str:
            with app.test_request_context(base_url=address):
                return subscriber.subscribe(**discover(topic))

        def stop(callback: str) -> None:
            with app.test_request_context(base_url=address):
                subscriber.unsubscribe(callback)

        callback = await asyncio.to_thread(ask)
        await hub.work()
        assert confirmed == ["subscribe"]
        await hub.publish(7)
        await hub.work()
        ((told, body),) = heard
        assert told == topic
        assert b"News 7" in body
        await asyncio.to_thread(stop, callback)
        await hub.work()
        assert confirmed == ["subscribe", "unsubscribe"]
        assert await hub.subscriptions() == []
