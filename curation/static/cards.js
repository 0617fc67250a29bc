// Writes cards: copies the pattern that the server sent and sets text, never markup. Knows nothing of the network.

import { fillLanguage, fillStory, fillTags, fillWords } from "./cardlines.js";
import { link, named, names, part, pattern, say, show } from "./parts.js";

const EXCERPT = 600;

/** The card of an item of the queue's JSON. */
export function makeCard(item) {
  return fillCard(pattern("card-pattern"), item);
}

const place = ({ dataset }) => [Date.parse(dataset.at), dataset.id];

/** True where a node of the list stands below another: the newest come first, as the server has it. */
export function isOlder(node, other) {
  const [[at, id], [otherAt, otherId]] = [place(node), place(other)];
  return at === otherAt ? id < otherId : at < otherAt;
}

/** Bring a card to what the item says now. */
export function fillCard(card, item) {
  const more = item._mpower;
  card.id = `item-${item.id}`;
  card.setAttribute("aria-labelledby", `title-${item.id}`);
  Object.assign(card.dataset, { language: item.language ?? "", tags: (item.tags ?? []).join(" ") });
  card.dataset.edited = Object.keys(more.original ?? {}).join(" ");
  Object.assign(card.dataset, { id: item.id, version: more.version, state: more.state, at: more.state === "waiting" ? more.collected_at : (more.decided_at ?? more.collected_at) });
  for (const form of card.querySelectorAll("form[data-form]")) {
    form.action = `/curation/items/${encodeURIComponent(item.id)}/${form.dataset.form}`;
  }
  for (const field of card.querySelectorAll('[data-part="version"]')) field.value = more.version;
  say(card, "partner", named("partners", more.partner));
  say(card, "source", `${more.source} · ${more.kind}`);
  part(card, "date").dateTime = item.date_published;
  fillLanguage(card, item);
  link(part(card, "link"), item.url);
  part(card, "words").lang = item.language ?? "";
  part(card, "title").id = `title-${item.id}`;
  say(card, "title", item.title || "Without a title");
  const [text, rest] = cut(item.content_text || item.summary || "");
  show(say(card, "text", text), text);
  say(card, "rest", rest);
  show(part(card, "more"), rest);
  fillPicture(part(card, "picture"), item);
  fillWords(card, item);
  const said = about(more);
  show(say(card, "about", said), said);
  fillAside(card, item);
  say(card, "why", why(more));
  const words = flag(more);
  show(say(card, "flag", words), words);
  notice(card, "");
  tell(card, "");
  showTimes(card);
  return card;
}

/** Bring what no version counts to what the item says now: its story, how likely it is, what is suggested. */
export function fillAside(card, item) {
  fillStory(card, item);
  fillTags(card, item);
  const reason = because(item._mpower);
  show(say(card, "because", reason), reason);
}

/** A line below the card's words that says what was just done, and how it is taken back. */
export function tell(card, words, onUndo) {
  const line = part(card, "told");
  if (!line) return;
  say(line, "deed", words);
  show(line, words);
  const undo = part(line, "takeback");
  show(undo, onUndo);
  undo.onclick = onUndo ?? null;
}

/** A line above the card's words; an empty one goes away. `button` is what can be done about it. */
export function notice(card, words, button) {
  const line = part(card, "notice");
  line.replaceChildren(words, ...(button ? [" ", button] : []));
  line.hidden = !words;
}

/** The one line that a card becomes once it is decided. */
export function makeLine(card, words, onUndo) {
  const line = pattern("done-pattern");
  line.dataset.id = card.dataset.id;
  line.dataset.at = card.dataset.at;
  say(line, "title", part(card, "title").textContent);
  part(line, "undo").addEventListener("click", () => onUndo?.());
  return sayLine(line, words, Boolean(onUndo));
}

/** Change what the line says happened. */
export function sayLine(line, words, canUndo) {
  say(line, "what", words);
  part(line, "undo").hidden = !canUndo;
  return line;
}

const PICTURE_WIDTH = 480; // as in cards.py

function fillPicture(picture, item) {
  // The path alone: the page may be open under another name than the public one, and may load pictures from itself only.
  const address = item._mpower.images?.find(({ width }) => width >= PICTURE_WIDTH)?.url ?? item.image;
  const path = address ? new URL(address, location.href).pathname : "";
  show(picture, path);
  picture.alt = item._mpower.image_alt ?? "";
  if (path) picture.src = path;
  else picture.removeAttribute("src");
}

const ENDS = ["\n", ". ", "! ", "? ", "… ", " "];

function cut(text) {
  text = text.trim();
  if (text.length <= EXCERPT * 1.25) return [text, ""];
  const least = EXCERPT / 2;
  const ends = ENDS.map((mark) => text.slice(0, EXCERPT).lastIndexOf(mark) + mark.trimEnd().length);
  const end = ends.find((one) => one >= least) ?? EXCERPT;
  return [text.slice(0, end).trimEnd(), text.slice(end).trimStart()];
}

const utc = (time) => `${time.slice(0, 16).replace("T", " ")} UTC`;

function about({ warning, sensitive, starts_at: starts, ends_at: ends, place: where, boosted_by: by, card, quote }) {
  const marked = warning || (sensitive && "marked as sensitive");
  const parts = [
    marked && `Warning: ${marked}`,
    starts && `Begins ${utc(starts)}`,
    ends && `Ends ${utc(ends)}`,
    where && `Place: ${where}`,
    by && `Shared by ${by.name}`,
    card && `Links to: ${card.title || card.url}`,
    quote && `Quotes ${quote.author?.name ?? quote.url}: ${quote.text}`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function because({ likely, because: reason }) {
  const sure = typeof likely === "number" ? `${Math.round(likely * 100)}% likely` : "";
  return [sure, reason].filter(Boolean).join(": ");
}

function why({ state, reason, decided_by: by }) {
  if (state === "waiting") return sentence(reason || "A decision was taken back, so it waits again");
  const decided = names.states[state] + (by ? ` by ${named("deciders", by)}` : "");
  return sentence(reason ? `${decided}: ${reason}` : decided);
}

function flag({ missing_since: missing, gone_since: gone }) {
  if (missing) return `No longer in its feed since ${day.format(new Date(missing))}.`;
  return gone ? `Its page was not there on ${day.format(new Date(gone))}.` : "";
}

function sentence(text) {
  text = text.trim();
  return text && text[0].toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");
}

const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** Say the times below a node as people say them: "3 hours ago", and days older than a week as dates. */
export function showTimes(node) {
  for (const time of node.querySelectorAll("time[data-part=date]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const seconds = (at - Date.now()) / 1000;
    const [unit, length] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
    time.title = whole.format(at);
    time.textContent =
      Math.abs(seconds) > 7 * 86400 ? day.format(at) : relative.format(Math.round(seconds / length), unit);
  }
}
