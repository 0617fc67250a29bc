// The open queue: which card is selected, what was decided here, what others did. Speaks to the server through `ask`.

import { announce, ask, complain, itemUrl } from "./ask.js";
import { fillAside, fillCard, isOlder, makeCard, makeLine, notice, sayLine } from "./cards.js";
import { names, part } from "./parts.js";
import { hold, isAbove, reveal } from "./still.js";
import { forget as forgetDeed, inTurn, remember, takingBack } from "./turns.js";

const DOING = { approve: "Approving …", reject: "Rejecting …", undo: "Undoing …" };
const DONE = { approve: "Approved", reject: "Rejected", undo: "Undone" };

const list = document.getElementById("cards");
const onward = document.getElementById("onward");
const state = list.dataset.state;
const isByLikelihood = list.dataset.order === "likely";
const since = Date.parse(list.dataset.since); // what was collected later is new to this page
const decisions = []; // of this page, oldest first: {id, card, line, version, next, isSettled, work}
const working = new Set(); // answers we wait for
const versions = new Map(); // the newest that we have seen of each item
const written = new Map(); // when each card was written

export const byId = (id) => [...list.children].find((node) => node.dataset.id === id);
const cards = () => [...list.querySelectorAll(":scope > .card")];

/** An answer may be older than what happened while it was under way: that must not come back. */
const isNews = (item) => !(versions.get(item.id) >= item._mpower.version);
const learn = (id, version) => versions.set(id, Math.max(version, versions.get(id) ?? 0));

/** The card of an item, a given one or a new one, and what we know of its version. */
export function write(item, card) {
  learn(item.id, item._mpower.version);
  written.set(item.id, performance.now());
  return card ? fillCard(card, item) : makeCard(item);
}

for (const { dataset } of cards()) learn(dataset.id, Number(dataset.version));

let countTimer;
/** Ask for the tabs' counts soon, once for all that happens until then. */
export function recount() {
  clearTimeout(countTimer);
  countTimer = setTimeout(async () => {
    const counts = await ask("/curation/counts").catch(() => ({}));
    for (const place of document.querySelectorAll("[data-count]")) {
      place.textContent = counts[place.dataset.count] ?? place.textContent;
    }
  }, 250);
}

function noticeEmptiness() {
  const isEmpty = !cards().length;
  document.getElementById("empty").hidden = !isEmpty || !onward.hidden;
  if (cards().length < 5) loadOlder();
}

// Selecting

export const selected = () => list.querySelector('.card[aria-current="true"]');

export function select(card, { focus = true, scroll = true } = {}) {
  if (card === selected()) return;
  selected()?.removeAttribute("aria-current");
  if (!card) return;
  card.setAttribute("aria-current", "true");
  if (focus && !card.contains(document.activeElement)) card.focus({ preventScroll: true });
  if (scroll) reveal(card);
}

/** The card so many steps on from the selected one, or the first. */
export function neighbour(steps, from = selected()) {
  const all = cards();
  return from ? all[all.indexOf(from) + steps] : all[0];
}

// Deciding

/** Decide a card: it becomes a line at once and a card again if the server says no. */
export function decide(card, action, reason = "") {
  for (const earlier of decisions) if (earlier.isSettled) earlier.line.remove();
  const hadSelection = card === selected();
  const next = neighbour(1, card) ?? neighbour(-1, card);
  const decision = { id: card.dataset.id, card, isSettled: false };
  decision.line = makeLine(card, DOING[action], action === "undo" ? null : () => undo(decision));
  part(decision.line, "undo").disabled = true;
  const reject = part(card, "reject");
  if (reject) reject.open = false;
  card.replaceWith(decision.line);
  card.removeAttribute("aria-current");
  if (hadSelection) select(next);
  decision.next = hadSelection ? (next ?? null) : undefined;
  decision.takeBack = () => undo(decision);
  if (action !== "undo") {
    decisions.push(decision);
    remember(decision.takeBack);
  }
  // The version once what is being changed in the card is: whoever changes and approves at once means what came of it.
  const settling = inTurn(card, () => settle(decision, action, reason));
  decision.work = underWay(settling);
  noticeEmptiness();
}

/** What others do is not shown before what we do ourselves is known. */
export function underWay(work) {
  working.add(work);
  return work.finally(() => working.delete(work));
}

async function settle(decision, action, reason) {
  try {
    const version = Number(decision.card.dataset.version);
    const answer = await ask(`${itemUrl(decision.id)}/decision`, { action, reason, version });
    decision.version = answer.version;
    learn(decision.id, answer.version);
    sayLine(decision.line, DONE[action], action !== "undo");
    part(decision.line, "undo").disabled = false;
    announce(`${DONE[action]}: ${part(decision.line, "title").textContent}. ${cards().length} left on this page.`);
    decision.isSettled = true;
    if (action === "reject") part(decision.card, "reason").value = "";
    recount();
  } catch (refusal) {
    forget(decision);
    await recover(decision, action, refusal);
  }
}

function forget(decision) {
  const index = decisions.indexOf(decision);
  if (index >= 0) decisions.splice(index, 1);
  forgetDeed(decision.takeBack);
}

/** The server said no: show the card again, as it is now, with the reason that was written. */
async function recover(decision, action, refusal) {
  const { card, line } = decision;
  const title = part(card, "title").textContent;
  const isStale = refusal.status === 409 || refusal.status === 404;
  const item = isStale ? await ask(itemUrl(decision.id)).catch(() => null) : null;
  if (isStale && item?._mpower.state !== state) {
    sayLine(line, item ? `${byWhom(item)}, meanwhile` : "No longer there", false);
    announce(`${part(line, "what").textContent}: ${title}. Your decision was not needed.`);
    recount();
    return;
  }
  const words = item ? "Changed meanwhile, so nothing was done. This is the newer version." : `Not saved: ${refusal.message}`;
  if (item) write(item, card);
  if (action === "reject") part(card, "reject").open = true;
  putBack(line, card);
  notice(card, words);
  complain(item ? "Not done: the item had changed. It is shown as it is now." : words);
  // Whoever has not moved on since is brought back to it.
  if (decision.next === selected()) select(card);
}

function byWhom(item) {
  const { state: now, decided_by: by } = item._mpower;
  const words = now === "waiting" ? "Back in the queue" : names.states[now];
  return by ? `${words} by ${names.deciders[by] ?? by}` : words;
}

/** Put a card where its line is, or was: the newest stand first. */
function putBack(line, card) {
  const stead = line.isConnected ? line : byId(card.dataset.id);
  hold(list, () => (stead ? stead.replaceWith(card) : place(card)));
  document.getElementById("empty").hidden = true;
}

/** Take a decision back. */
function undo(decision) {
  forget(decision);
  underWay(takingBack(() => decision.work.then(() => takeBack(decision))));
}

async function takeBack({ id, card, line, version, isSettled }) {
  if (!isSettled) return;
  try {
    const answer = await ask(`${itemUrl(id)}/decision`, { action: "undo", reason: "", version });
    card.dataset.version = answer.version;
    learn(id, answer.version);
    for (const field of card.querySelectorAll('[data-part="version"]')) field.value = answer.version;
    notice(card, "");
    putBack(line, card);
    select(card);
    announce(`Undone: ${part(card, "title").textContent}.`);
    recount();
  } catch (refusal) {
    sayLine(line, `${part(line, "what").textContent}; undo failed: ${refusal.message}`, false);
    complain(`Undo failed: ${refusal.message}`);
  }
}

// What others do

/**
 * Show what items have become. Each is the queue's JSON, or `{id}` alone where there is none any more; `askedAt` is
 * when they were asked for.
 */
export async function show(items, askedAt) {
  await Promise.all(working);
  const arrived = [];
  for (const item of items) {
    const node = byId(item.id);
    if (!node) {
      if (item._mpower?.state === state && list.dataset.first && isNews(item)) arrived.push(item);
    } else if (node.classList.contains("card")) showCard(node, item, askedAt);
    else showLine(node, item);
  }
  if (arrived.length) showArrivals(arrived);
  noticeEmptiness();
}

function showCard(card, item, askedAt) {
  if (item._mpower?.state === state) {
    const shown = Number(card.dataset.version);
    const isOld = written.get(item.id) > askedAt;
    if (shown === item._mpower.version && !isOld && !part(card, "facts").contains(document.activeElement)) {
      hold(list, () => fillAside(card, item));
    }
    if (shown >= item._mpower.version) return;
    const { top, bottom } = card.getBoundingClientRect();
    const isInView = bottom > 0 && top < innerHeight;
    if (card !== selected() && !isInView) hold(list, () => write(item, card));
    else offerNewer(card, item);
    return;
  }
  if (item._mpower && !isNews(item)) return;
  const words = item._mpower ? `${byWhom(item)}, meanwhile` : "No longer there";
  if (card.contains(document.activeElement) && document.activeElement.matches("input, textarea")) {
    notice(card, `${words}.`);
    return;
  }
  if (item._mpower) learn(item.id, item._mpower.version);
  const next = card === selected() ? (neighbour(1, card) ?? neighbour(-1, card)) : null;
  hold(list, () => card.replaceWith(makeLine(card, words, null)));
  if (next) select(next, { focus: document.activeElement === document.body, scroll: false });
  announce(`${words}: ${part(card, "title").textContent}.`);
}

/** Words that someone may be reading are not changed under their eyes; their old version decides nothing any more. */
function offerNewer(card, item) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Show the newer version" });
  button.addEventListener("click", () => {
    write(item, card);
    card.focus({ preventScroll: true });
  });
  notice(card, "This item has changed since it was shown.", button);
}

function showLine(line, item) {
  const decision = decisions.find((one) => one.line === line);
  if (!item._mpower || !isNews(item)) return;
  if (decision) forget(decision);
  if (item._mpower.state === state) hold(list, () => line.replaceWith(write(item)));
  else {
    learn(item.id, item._mpower.version);
    sayLine(line, byWhom(item), false);
  }
}

/** Put cards where they belong. Of those above what is read a button tells; those of later pages come with their page. */
function showArrivals(items) {
  const last = onward.hidden ? null : list.lastElementChild;
  const isHere = (card) => !last || (isByLikelihood ? Date.parse(card.dataset.at) > since : isOlder(last, card));
  const fresh = items.map((item) => makeCard(item)).filter(isHere);
  for (const { dataset } of fresh) learn(dataset.id, Number(dataset.version));
  if (!fresh.length) return;
  const wasEmpty = !cards().length;
  fresh.sort((one, other) => (isOlder(one, other) ? -1 : 1));
  if (wasEmpty) fresh.forEach(place);
  else hold(list, () => fresh.forEach(place));
  if (wasEmpty) select(cards()[0], { focus: document.activeElement === document.body, scroll: false });
  for (const card of fresh.filter(isAbove)) {
    card.dataset.fresh = "";
    seeing.observe(card);
  }
  countNews();
}

/** By time where the list is. In one by likelihood nothing stands where it would have to: what comes joins at the top. */
function place(card) {
  const below = isByLikelihood ? list.firstElementChild : [...list.children].find((node) => isOlder(node, card));
  list.insertBefore(card, below ?? null);
}

// What is new and not seen yet

const news = document.getElementById("news");
const seeing = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seeing.unobserve(target);
      delete target.dataset.fresh;
    }
    countNews();
  },
  { threshold: 0.4, rootMargin: "-100px 0px 0px" },
);

function countNews() {
  const count = list.querySelectorAll(":scope > [data-fresh]").length;
  news.hidden = !count;
  const words = `${count} new ↑`;
  if (count && news.textContent !== words) announce(`${count} new above.`);
  news.textContent = words;
}

/** Go up to the newest. Whoever did so knows of them, also of those that the window does not reach. */
export function goToNews() {
  list.style.paddingBottom = "";
  scrollTo({ top: 0, behavior: "instant" });
  select(list.querySelector(":scope > [data-fresh]") ?? cards()[0]);
  for (const card of list.querySelectorAll(":scope > [data-fresh]")) {
    seeing.unobserve(card);
    delete card.dataset.fresh;
  }
  countNews();
}

// Older ones

const next = document.getElementById("next");
let loading = null;

/** Put the next page's cards below. Whoever asks while they are under way waits for the same ones. */
export async function loadOlder() {
  if (onward.hidden) return;
  loading ??= fetchOlder().finally(() => (loading = null));
  await loading;
}

async function fetchOlder() {
  try {
    const page = await ask(next.dataset.more);
    await Promise.all(working);
    const older = page.items.filter((item) => !byId(item.id) && isNews(item));
    list.append(...older.map((item) => write(item)));
    onward.hidden = !page.next;
    if (page.next) {
      next.dataset.more = page.next;
    }
    if (!selected()) select(cards()[0], { focus: false, scroll: false });
    document.getElementById("empty").hidden = Boolean(cards().length);
  } catch (refusal) {
    complain(refusal.message);
  }
}
