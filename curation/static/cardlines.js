// Writes what editors change on a card: its language, tags, story and words. A viewer's card has fewer parts.

import { named, names, part, pattern, say, show } from "./parts.js";

const UNSURE_BELOW = 0.6;
const percent = (share) => `${Math.round(share * 100)}%`;

export function languageName(code) {
  if (!code || code === "und") return "Language unknown";
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code);
  } catch {
    return code; // not a tag that the browser knows
  }
}

function languageLabel(code, confidence) {
  const isSaid = code && code !== "und" && typeof confidence === "number";
  return isSaid ? `${languageName(code)} ${percent(confidence)}` : languageName(code);
}

/** What the recognition went by, with languages called by their names. */
function inWords(evidence) {
  return evidence.replace(/\b(also|perhaps) ([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\b/g, (_, word, code) => `${word} ${languageName(code)}`);
}

export function fillLanguage(card, item) {
  const { confidence, language_evidence: evidence, original = {} } = item._mpower;
  const isSet = "language" in original;
  const recognised = isSet ? languageLabel(original.language, confidence) : "";
  const isUnsure = !isSet && (item.language === "und" || confidence < UNSURE_BELOW);
  say(card, "spoken", isSet ? languageName(item.language) : languageLabel(item.language, confidence));
  part(card, "language").classList.toggle("unsure", isUnsure);
  show(part(card, "unsure"), isUnsure);
  const words = isSet ? `set by an editor; recognised: ${recognised}` : inWords(evidence ?? "");
  show(say(card, "evidence", words), words);
  if (!part(card, "speaking")) return;
  show(part(card, "asfound"), recognised);
  say(card, "recognised", recognised);
  for (const button of card.querySelectorAll('[data-part="languages"] button')) {
    if (button.value === item.language) button.setAttribute("aria-pressed", "true");
    else button.removeAttribute("aria-pressed");
  }
}

export function fillTags(card, item) {
  const place = part(card, "tags");
  const { tag_origins: origins, tag_evidence: evidence = {}, suggested_tags: suggested = [], original = {} } = item._mpower;
  const tags = item.tags ?? [];
  const chips = tags.map((id) => makeTag(id, origins[id] ?? "", evidence[id]));
  const offers = part(card, "tagging") ? suggested.filter(({ tag }) => !tags.includes(tag)).map(makeSuggestion) : [];
  place.replaceChildren(...chips, ...offers);
  show(place, place.children.length);
  if (part(card, "untouched")) show(part(card, "untouched"), "tags" in original);
}

function makeTag(id, origin, evidence) {
  const chip = pattern("tag-pattern");
  const label = named("tags", id);
  const words = named("origins", origin);
  say(chip, "tag", label);
  say(chip, "mark", named("marks", origin));
  say(chip, "origin", evidence ? `${words}: ${evidence}` : words);
  const remove = part(chip, "remove");
  if (remove) {
    remove.value = id;
    remove.setAttribute("aria-label", `Remove the tag ${label}`);
  }
  return chip;
}

function makeSuggestion({ tag: id, confidence }) {
  const chip = pattern("suggestion-pattern");
  const label = named("tags", id);
  say(chip, "offer", `+ ${label} ${percent(confidence)}`);
  const add = part(chip, "add");
  add.value = id;
  add.setAttribute("aria-label", `Add the suggested tag ${label}, ${percent(confidence)} sure`);
  return chip;
}

export function fillStory(card, item) {
  const { story_items: others = [] } = item._mpower;
  part(card, "companions").replaceChildren(...others.map((other) => makeCompanion(other, item._mpower)));
  show(part(card, "story"), others.length);
}

function makeCompanion(other, { state, story_why: reasons = [] }) {
  const line = pattern("companion-pattern");
  const name = `${named("partners", other.partner)} (${other.language})`;
  const title = other.title || "Without a title";
  const why = reasons.filter(({ item }) => item === other.item).map((reason) => reason.why);
  if (other.state !== state) why.unshift((names.states[other.state] ?? other.state).toLowerCase());
  say(line, "companion", name).href = `/curation/items/${encodeURIComponent(other.item)}`;
  say(line, "standing", why.join(" · "));
  say(line, "heading", title);
  const out = part(line, "out");
  if (out) {
    out.value = other.item;
    out.setAttribute("aria-label", `Take out of the story: ${name}, ${title}`);
  }
  return line;
}

export function fillWords(card, item) {
  if (!part(card, "wording")) return;
  const { original = {} } = item._mpower;
  for (const [field, words] of [
    [part(card, "newtitle"), item.title ?? ""],
    [part(card, "newsummary"), item.summary ?? ""],
  ]) {
    const isTouched = field.value !== field.defaultValue;
    field.defaultValue = words;
    if (!isTouched) field.value = words; // what someone is writing stays
  }
  show(part(card, "unworded"), "title" in original || "summary" in original);
}
