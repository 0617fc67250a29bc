// Wires the queue's page: keys, buttons, and the listening. Without it every button is a form and works as well.

import { part, showTimes } from "./cards.js";
import { listen } from "./live.js";
import { complain, decide, goToNews, loadOlder, neighbour, select, selected, undo } from "./room.js";
import { reveal } from "./still.js";

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

list.addEventListener("submit", (event) => {
  const form = event.target;
  const card = form.closest(".card");
  if (!card) return;
  event.preventDefault();
  const sent = new FormData(form, event.submitter);
  const quick = sent.get("quick") ? event.submitter.textContent : "";
  const reason = [quick, sent.get("reason")?.trim()].filter(Boolean).join(": ");
  decide(card, sent.get("action"), reason);
});
for (const kind of ["click", "focusin"]) {
  list.addEventListener(kind, (event) => {
    const card = event.target.closest(".card");
    if (card) select(card, { focus: false, scroll: false });
  });
}
list.addEventListener(
  "toggle",
  ({ target }) => target.matches('[aria-current="true"] .reject[open]') && reveal(target),
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
  r: openReject,
  z: () => undo(),
  m: () => selected() && toggle(part(selected(), "more")),
  o: () => selected() && follow(part(selected(), "link")),
  n: goToNews,
  "?": () => help.showModal(),
};

/** To the next card, on to older ones where the page ends. */
async function goOn() {
  const from = selected();
  if (!neighbour(1)) await loadOlder();
  if (selected() === from) select(neighbour(1) ?? from);
}

function press(selector) {
  selected()?.querySelector(selector)?.click();
}

function openReject() {
  const place = selected() && part(selected(), "reject");
  if (!place) return;
  place.open = true;
  part(place, "reason").focus();
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

/** Escape closes a rejection that was begun, and a tag's explanation. */
function leave(target) {
  const reject = target.closest?.('[data-part="reject"]');
  if (reject) reject.open = false;
  if (reject || target.matches?.(".tag")) target.closest(".card").focus({ preventScroll: true });
}

listen();
