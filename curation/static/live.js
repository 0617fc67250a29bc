// Listens to what happens elsewhere and fetches what an open queue should show. Decides nothing itself.

import { ask, complain } from "./ask.js";
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
    const askedAt = performance.now();
    due.clear();
    const items = [];
    for (let start = 0; start < ids.length; start += BATCH) {
      items.push(...(await Promise.all(ids.slice(start, start + BATCH).map(fetchItem))));
    }
    await show(items.filter(Boolean), askedAt);
  }
  isBusy = false;
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
