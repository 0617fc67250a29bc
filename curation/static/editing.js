// An editor's own words over an item's: its language, tags, title and summary. Each can be taken back.

import { announce, ask, complain, itemUrl } from "./ask.js";
import { languageName } from "./cardlines.js";
import { notice, tell } from "./cards.js";
import { named, names, part } from "./parts.js";
import { byId, underWay, write } from "./room.js";
import { forget, inTurn, remember, takingBack } from "./turns.js";

const onPage = (id) => byId(id)?.matches(".card") && byId(id);
const isEdited = (card, name) => card.dataset.edited.split(" ").includes(name);
const tagsOf = (card) => card.dataset.tags.split(" ").filter(Boolean);

// What forms say

export function submitLanguage(card, sent) {
  const code = sent.get("language").trim();
  setLanguage(card, code === "as-found" ? null : code);
  part(card, "othercode").value = "";
  close(card, "speaking");
}

export function submitTags(card, sent) {
  if (sent.has("back")) change(card, () => tagging(card, null, "Tags as they were found."));
  else if (sent.has("remove")) untag(card, sent.get("remove"));
  else addTag(card, sent.get("add"));
}

export function submitWords(card, sent) {
  const isBack = sent.has("back");
  const body = {};
  const back = {};
  for (const [name, field] of [
    ["title", part(card, "newtitle")],
    ["summary", part(card, "newsummary")],
  ]) {
    if (isBack) field.value = field.defaultValue;
    else if (field.value.trim() === field.defaultValue.trim()) continue;
    body[name] = isBack ? null : field.value.trim();
    back[name] = isEdited(card, name) ? field.defaultValue : null;
  }
  const words = isBack ? "Words as the source has them." : "Words changed.";
  if (Object.keys(body).length) change(card, () => ({ body, back, words }));
  close(card, "wording");
}

// What keys and forms do

/** Say which language an item is in; null is what the recognition says. */
export function setLanguage(card, code) {
  change(card, () => {
    const { language } = card.dataset;
    const before = isEdited(card, "language") ? language : null;
    const words = code ? `Language set to ${languageName(code)}.` : "Language as it was recognised.";
    if (before === code) return { words };
    return { body: { language: code }, back: { language: before }, words };
  });
}

/** Take a tag by its id, its label, or how that begins where no other begins so. */
function addTag(card, text) {
  const field = part(card, "newtag");
  const id = findTag(text);
  if (!id) {
    complain(`“${text}” is not how one tag alone begins. There are: ${Object.values(names.tags).join(", ")}.`);
    return;
  }
  field.value = "";
  change(card, () => {
    const tags = tagsOf(card);
    const words = `Tag added: ${named("tags", id)}.`;
    return tags.includes(id) ? { words } : tagging(card, [...tags, id], words);
  });
}

function untag(card, id) {
  change(card, () => tagging(card, tagsOf(card).filter((tag) => tag !== id), `Tag removed: ${named("tags", id)}.`));
}

function tagging(card, tags, words) {
  return { body: { tags }, back: { tags: isEdited(card, "tags") ? tagsOf(card) : null }, words };
}

function findTag(text) {
  const wanted = text.trim().toLowerCase();
  if (Object.hasOwn(names.tags, wanted)) return wanted;
  const begins = Object.entries(names.tags).filter(([, label]) => wanted && label.toLowerCase().startsWith(wanted));
  const same = begins.filter(([, label]) => label.toLowerCase() === wanted);
  const found = same.length ? same : begins;
  return found.length === 1 ? found[0][0] : null;
}

/**
 * Change an item once what was begun before is over. `make` says what then: the change, its opposite, and words for both;
 * words alone where it is so already.
 */
function change(card, make) {
  const { id } = card.dataset;
  let made;
  const takeBack = () => {
    forget(takeBack);
    return underWay(takingBack(() => inTurn(card, () => made && send(id, made.back, `Undone: ${made.words}`))));
  };
  remember(takeBack);
  underWay(
    inTurn(card, async () => {
      made = make();
      const { body, words } = made;
      if (!body) sayDone(onPage(id), words);
      if (body && (await send(id, body, words, takeBack))) return;
      made = null;
      forget(takeBack);
    }),
  );
}

/** True where the server did it. Then the card says so. */
async function send(id, body, words, onUndo) {
  const card = onPage(id);
  try {
    const { item } = await ask(itemUrl(id), card ? { ...body, version: Number(card.dataset.version) } : body, "PATCH");
    if (card) rewrite(card, item);
    sayDone(card, words, onUndo);
    return true;
  } catch (refusal) {
    await explain(card, id, refusal);
    return false;
  }
}

function sayDone(card, words, onUndo) {
  if (card) tell(card, words, onUndo);
  announce(card ? `${words} ${part(card, "title").textContent}` : words);
}

async function explain(card, id, refusal) {
  const item = refusal.status === 409 ? await ask(itemUrl(id)).catch(() => null) : null;
  const words = item ? "Changed meanwhile, so nothing was done. This is the newer version." : `Not saved: ${refusal.message}`;
  if (item && card) rewrite(card, item);
  if (card) notice(card, words);
  complain(words);
}

/** Write a card anew. Whoever stood on a tag stands on the next one. */
function rewrite(card, item) {
  const places = () => [...part(card, "tags").querySelectorAll("button")];
  const place = places().indexOf(document.activeElement);
  write(item, card);
  if (place >= 0) (places()[Math.min(place, places().length - 1)] ?? card).focus({ preventScroll: true });
}

/** Close what was open for a change; whoever was in it is back on the card. */
export function close(card, name) {
  const place = part(card, name);
  const wasIn = place.contains(document.activeElement);
  place.open = false;
  if (wasIn) card.focus({ preventScroll: true });
}
