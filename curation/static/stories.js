// Joins items to one story and takes them out of it. What an editor does here wins for ever over what is found.

import { announce, ask, complain, itemUrl } from "./ask.js";
import { notice, tell } from "./cards.js";
import { close } from "./editing.js";
import { part } from "./parts.js";
import { byId, underWay, write } from "./room.js";
import { forget, inTurn, remember, takingBack } from "./turns.js";

let chosen = null; // the id of the card that is to be joined with another one

export function submitStory(card, sent) {
  if (sent.has("out")) takeOut(card, sent.get("out"));
  else joinWith(card, sent.get("join"));
}

/** Choose a card to be joined, join it with the one chosen before, or let it go. */
export function choose(card) {
  const other = chosen;
  letGo();
  close(card, "joining");
  if (other && other !== card.dataset.id) joinWith(card, other);
  else if (!other) {
    chosen = card.dataset.id;
    const words = "Chosen: press g on the card that tells the same story, or Esc.";
    card.classList.add("chosen");
    tell(card, words);
    announce(words);
  }
}

/** Whether a card was chosen; it is not any more. */
export function letGo() {
  const card = chosen && byId(chosen);
  if (card?.matches(".card")) {
    card.classList.remove("chosen");
    tell(card, "");
  }
  const was = chosen;
  chosen = null;
  return Boolean(was);
}

function joinWith(card, what) {
  const { id } = card.dataset;
  const wasAlone = !part(card, "companions").children.length;
  act(card, async () => {
    const { id: other } = await ask(`/curation/find?${new URLSearchParams({ item: what })}`);
    const item = await ask(itemUrl(other));
    if (other === id || item._mpower.story_items.some(({ item: one }) => one === id)) {
      announce("These are one story already.");
      tell(card, "These are one story already.");
      return null;
    }
    await post(id, { join: other });
    part(card, "joinwith").value = "";
    close(card, "joining");
    // Of two stories of several items nothing tells which items were whose.
    const single = wasAlone ? id : item._mpower.story_items.length ? null : other;
    return { ids: [id, other], words: "Joined to one story.", undo: single && (() => post(single, { split: true })) };
  });
}

function takeOut(card, other) {
  const { id } = card.dataset;
  act(card, async () => {
    await post(other, { split: true });
    return { ids: [id, other], words: "Taken out of the story.", undo: () => post(other, { join: id }) };
  });
}

const post = (id, body) => ask(`${itemUrl(id)}/story`, body);

/** Do what `work` does once what was begun before is over, then show what the items have become. */
function act(card, work) {
  underWay(
    inTurn(card, async () => {
      try {
        const did = await work();
        if (!did) return;
        const takeBack = did.undo && (() => underWay(takingBack(() => undo(did, takeBack))));
        if (takeBack) remember(takeBack);
        await renew(did.ids);
        tell(card, did.words, takeBack);
        announce(did.words);
      } catch (refusal) {
        notice(card, `Not done: ${refusal.message}`);
        complain(refusal.message);
      }
    }),
  );
}

async function undo({ ids, words, undo: back }, takeBack) {
  forget(takeBack);
  try {
    await back();
    await renew(ids);
    announce(`Undone: ${words}`);
  } catch (refusal) {
    complain(`Undo failed: ${refusal.message}`);
  }
}

/** Cards of a story tell of each other: all that were and are in it are fetched again. */
async function renew(ids) {
  const cards = ids.map(byId).filter((card) => card?.matches(".card"));
  for (const card of cards) {
    for (const button of part(card, "companions").querySelectorAll("button")) ids.push(button.value);
  }
  for (const id of new Set(ids)) {
    const card = byId(id);
    if (!card?.matches(".card")) continue;
    const wasIn = card.contains(document.activeElement);
    write(await ask(itemUrl(id)), card);
    if (wasIn && !card.contains(document.activeElement)) card.focus({ preventScroll: true });
  }
}
