// What was asked of a card is asked one after the other, and taken back last first.

import { complain } from "./ask.js";

const turns = new WeakMap(); // of each card, what was asked last
const deeds = []; // oldest first: how each is taken back
let taking = Promise.resolve();

/** Do `work` once all that was begun with this card before is over. */
export function inTurn(card, work) {
  const turn = (turns.get(card) ?? Promise.resolve()).then(work);
  turns.set(
    card,
    turn.catch(() => {}),
  );
  return turn;
}

/** One thing is taken back after the other, so that the last asked for is where we end, whichever answer is quicker. */
export function takingBack(work) {
  taking = taking.then(work, work);
  return taking;
}

export function remember(takeBack) {
  deeds.push(takeBack);
}

export function forget(takeBack) {
  const index = deeds.indexOf(takeBack);
  if (index >= 0) deeds.splice(index, 1);
}

/** Take back what was done last on this page. */
export function takeBackLast() {
  const takeBack = deeds.at(-1);
  if (takeBack) takeBack();
  else complain("There is nothing to undo.");
}
