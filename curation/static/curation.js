// Wires the queue's page: keys, buttons, and the listening. Without it every button is a form and works as well.

import { complain } from "./ask.js";
import { showTimes } from "./cards.js";
import { setLanguage, submitLanguage, submitTags, submitWords } from "./editing.js";
import { listen } from "./live.js";
import { itemOf, names, part } from "./parts.js";
import { byId, decide, goToNews, loadOlder, neighbour, select, selected } from "./room.js";
import { reveal } from "./still.js";
import { choose, letGo, submitStory } from "./stories.js";
import { takeBackLast } from "./turns.js";

const list = document.getElementById("cards");
const help = document.getElementById("help");
const helpButton = document.getElementById("help-button");
const keysOn = document.getElementById("keys-on");
const KEYS_OFF = "mpower-keys-off";

document.documentElement.classList.add("scripted");
showTimes(document);
setInterval(() => showTimes(document), 60_000);
select(list.querySelector(".card"), { focus: false, scroll: false });

// Buttons

const SUBMITS = {
  decision: submitDecision,
  language: submitLanguage,
  tags: submitTags,
  words: submitWords,
  story: submitStory,
};

list.addEventListener("submit", (event) => {
  const form = event.target;
  const card = form.closest(".card");
  if (!card) return;
  event.preventDefault();
  SUBMITS[form.dataset.form](card, new FormData(form, event.submitter), event.submitter);
});

function submitDecision(card, sent, button) {
  const quick = sent.get("quick") ? button.textContent : "";
  const reason = [quick, sent.get("reason")?.trim()].filter(Boolean).join(": ");
  decide(card, sent.get("action"), reason);
}

list.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (event.target.closest('[data-part="choose"]')) choose(card);
  const other = event.target.closest('[data-part="companion"]');
  const shown = other && !event.ctrlKey && !event.metaKey && !event.shiftKey && byId(itemOf(other));
  if (!shown?.matches(".card")) return;
  event.preventDefault();
  select(shown);
});
for (const kind of ["click", "focusin"]) {
  list.addEventListener(kind, (event) => {
    const card = event.target.closest(".card");
    if (card && !event.defaultPrevented) select(card, { focus: false, scroll: false });
  });
}
list.addEventListener(
  "toggle",
  ({ target }) => target.matches('[aria-current="true"] :is(.reject, .changing)[open]') && reveal(target),
  true, // the event does not bubble
);
document.getElementById("news").addEventListener("click", goToNews);
document.getElementById("next").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  loadOlder();
});
helpButton.hidden = false;
helpButton.addEventListener("click", () => help.showModal());

// Keys

function readKeysOn() {
  try {
    return localStorage.getItem(KEYS_OFF) === null;
  } catch {
    return true;
  }
}

keysOn.checked = readKeysOn();
keysOn.addEventListener("change", () => {
  try {
    if (keysOn.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "yes");
  } catch {
    complain("This browser keeps no settings: the keys stay so until the page is loaded again.");
  }
});

const KEYS = {
  j: goOn,
  k: () => select(neighbour(-1) ?? selected()),
  a: () => press('button[value="approve"]'),
  r: () => open("reject", "reason"),
  z: takeBackLast,
  t: () => open("tagging", "newtag"),
  s: () => press('[data-part="add"]'),
  l: () => open("speaking", "othercode"),
  e: () => open("wording", "newtitle"),
  g: () => selected() && part(selected(), "joining") && choose(selected()),
  m: () => selected() && toggle(part(selected(), "more")),
  o: () => selected() && follow(part(selected(), "link")),
  n: goToNews,
  "?": () => help.showModal(),
};
names.languages.slice(0, 9).forEach((code, index) => (KEYS[index + 1] = () => setTo(code)));

function setTo(code) {
  if (selected() && part(selected(), "speaking")) setLanguage(selected(), code);
}

/** To the next card, on to older ones where the page ends. */
async function goOn() {
  const from = selected();
  if (!neighbour(1)) await loadOlder();
  if (selected() === from) select(neighbour(1) ?? from);
}

function press(selector) {
  selected()?.querySelector(selector)?.click();
}

function open(name, field) {
  const place = selected() && part(selected(), name);
  if (!place) return;
  place.open = true;
  part(place, field).focus();
}

function toggle(details) {
  if (!details.hidden) details.open = !details.open;
}

function follow(anchor) {
  if (!anchor.hidden) anchor.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
  if (event.key === "Escape") {
    leave(event.target);
    return;
  }
  if (event.target.matches("input, textarea, select, [contenteditable]") || event.repeat) return;
  const act = KEYS[event.key];
  if (!act || (!keysOn.checked && event.key !== "?")) return;
  event.preventDefault();
  act();
});

/** Escape closes what was begun, and a tag's explanation, and lets go of a card that was chosen. */
function leave(target) {
  const begun = target.closest?.(".reject, .changing");
  if (begun) begun.open = false;
  if (begun?.matches(".changing")) for (const form of begun.querySelectorAll("form")) form.reset();
  if (begun || target.matches?.(".tag, .tag *")) target.closest(".card").focus({ preventScroll: true });
  else letGo();
}

listen();
