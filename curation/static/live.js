// Listens to what happens elsewhere and fetches what an open queue should show. Decides nothing itself.

import { ask, complain } from "./ask.js";
import { itemOf, part } from "./parts.js";
import { recount, show } from "./room.js";

const API = "/curation/api/items";
const BATCH = 4;
const AGAIN_AFTER_MS = 2000;
const list = document.getElementById("cards");
const live = document.getElementById("live");
const words = document.getElementById("live-words");
const due = new Set();
const missed = new Set(); // could not be fetched, and are asked for once more
let isBusy = false;

/** Begin to listen, and again whenever the connection is lost. */
export function listen() {
  const events = new EventSource("/curation/events");
  for (const kind of ["item-arrived", "item-changed", "item-decided"]) {
    events.addEventListener(kind, (event) => note(JSON.parse(event.data).id));
  }
  events.addEventListener("open", () => {
    sayLive(true);
    catchUp();
  });
  events.addEventListener("error", () => {
    sayLive(false);
    // The browser itself comes back after a lost connection, but not after an answer such as 401 or 503.
    if (events.readyState === EventSource.CLOSED) setTimeout(returnIfWelcome, 5000);
  });
}

async function returnIfWelcome() {
  try {
    await ask("/curation/counts");
  } catch (refusal) {
    if (refusal.status === 401) {
      complain(refusal.message);
      return;
    }
  }
  listen();
}

function sayLive(isLive) {
  live.hidden = false;
  live.classList.toggle("off", !isLive);
  words.textContent = isLive ? "Live" : "Reconnecting …";
}

function note(id) {
  due.add(id);
  recount();
  if (!isBusy) setTimeout(fetchDue, 100);
  isBusy = true;
}

async function fetchDue() {
  while (due.size) {
    const ids = [...due];
    due.clear();
    const items = await fetchAndShow(ids);
    await fetchAndShow(besides(items).filter((id) => !ids.includes(id)));
  }
  isBusy = false;
}

async function fetchAndShow(ids) {
  const askedAt = performance.now();
  const items = [];
  for (let start = 0; start < ids.length; start += BATCH) {
    items.push(...(await Promise.all(ids.slice(start, start + BATCH).map(fetchItem))));
  }
  const found = items.filter(Boolean);
  await show(found, askedAt);
  return found;
}

/**
 * The cards that tell of these items' stories what is no longer so. Only items that are in another story now are told
 * of: those that came into it, not those that were in it before.
 */
function besides(items) {
  const stale = new Set();
  for (const { id, _mpower: more } of items) {
    const others = (more?.story_items ?? []).map(({ item }) => item);
    for (const card of list.querySelectorAll(":scope > .card")) {
      const told = [...part(card, "companions").querySelectorAll('[data-part="companion"]')].map(itemOf);
      if (card.dataset.id !== id && told.includes(id) !== others.includes(card.dataset.id)) stale.add(card.dataset.id);
    }
  }
  return [...stale];
}

async function fetchItem(id) {
  const isSecondTry = missed.delete(id);
  try {
    return await ask(`${API}/${encodeURIComponent(id)}`);
  } catch (refusal) {
    if (refusal.status === 404) return { id };
    if (!isSecondTry) {
      missed.add(id);
      setTimeout(() => missed.has(id) && note(id), AGAIN_AFTER_MS);
    }
    return null;
  }
}

/** What happened before we listened, or while we could not: look at the newest, and at cards no longer among them. */
async function catchUp() {
  recount();
  const askedAt = performance.now();
  const page = await ask(`${API}?${new URLSearchParams({ state: list.dataset.state, order: "newest", limit: "50" })}`).catch(() => null);
  if (!page) return;
  await show(page.items, askedAt);
  const listed = new Set(page.items.map((item) => item.id));
  for (const card of list.querySelectorAll(":scope > .card")) {
    if (!listed.has(card.dataset.id)) note(card.dataset.id);
  }
}
