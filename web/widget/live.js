/*
What is new in a stream that is shown, and what was withdrawn from it: `live`.
*/

import { channelOf } from "./channel.js";

/**
 * `settle()` when the stream has changed or its element came or went, `forget()` when it starts anew. What it is given
 * stands in stream.js, where it is handed over.
 */
export const liveOf = (element, given, [make, plural, rowsOf, leave, renew, count], [first, read, load, offer, say, focus, report, makeRow], state) => {
  const fresh = make("button.fresh", { class: "mpower-fresh mpower-button", type: "button", hidden: "" });
  // The stream down to the last row, with what is not shown yet, and where it goes on.
  let waiting = [], late = [], beyond, looking, isMissed, listening, heard;

  /** Looks for new items and offers them by a button; nothing that is read moves. */
  const look = async () => {
    const [now, list, next, isLoaded, isBusy] = state();
    // What is being loaded may be older than what we are told of: look when it is here.
    isMissed = isBusy;
    if (isBusy) return;
    if (!isLoaded) return load(next);
    const mine = (looking = {});
    try {
      const words = await now.coming;
      // An item comes where its date belongs: anywhere down to the last row, and below it where the stream ended.
      // Three rows stand for the last: one of them may be withdrawn.
      const last = [...list.children].slice(-3);
      const items = [];
      let url = first();
      url.searchParams.set("limit", Math.min(100, count(list) + 20));
      const isEnough = () => state()[2] && (!url || items.some((item) => rowsOf(list, item).some((row) => last.includes(row))));
      for (let tries = 6; url && tries-- && !isEnough(); ) {
        const [coming, onward] = await read(url);
        items.push(...coming);
        url = onward;
      }
      // A later look knows more.
      if (mine !== looking) return;
      // What follows the last row is Load More's.
      const end = items.findLastIndex((item) => rowsOf(list, item).length);
      if (end >= 0 && isEnough()) {
        items.length = end + 1;
        url = null;
      }
      const added = renew(list, items, makeRow, focus).length;
      for (const row of list.querySelectorAll(":scope > [hidden]")) row.remove();
      waiting = items;
      beyond = url;
      fresh.hidden = !added;
      fresh.textContent = plural(words, words.new, added);
      if (added) say(fresh.textContent);
    } catch {
      // Nobody asked for it: the next event or connection looks again.
    }
  };

  /** Puts the waiting items where the stream has them, among those that stay where they are. */
  fresh.onclick = async () => {
    const [now, list, next] = state();
    const words = await now.coming;
    const placed = waiting.map((item) => rowsOf(list, item)[0] ?? makeRow(item));
    const added = placed.filter((row) => !row.isConnected);
    list.prepend(...placed);
    fresh.hidden = true;
    say(plural(words, words.loaded, added.length));
    focus(added[0]);
    report("more", { added: added.length });
    // More came than one look reads: go on to look while rows below wait to be reached, else Load More leads on.
    if (beyond && next) look();
    else if (beyond) offer(beyond, words.more);
  };

  /** Takes a withdrawn item away. Where its story has others the row is kept, unseen, for one of them. */
  const drop = (id) => {
    waiting = waiting.filter((item) => item.id !== id);
    // What is on its way may still hold it: a look is not used, rows that are being loaded are gone through again.
    looking = null;
    if (state()[4]) late.push(id);
    for (const row of [...state()[1].children]) {
      if (row.dataset.id !== id) continue;
      const heir = row.nextElementSibling ?? row.previousElementSibling;
      const isHeld = row.contains(document.activeElement);
      if (!row.dataset.also) leave(row, heir, focus);
      else {
        row.hidden = true;
        if (isHeld) focus(heir);
      }
    }
  };

  const member = { look, drop };
  const settle = () => {
    const [now, , next, isLoaded, isBusy, isStatic] = state();
    if (isBusy) return;
    for (const id of late.splice(0)) drop(id);
    // Neither rows nor a way to them: the address is wrong.
    const url = (isLoaded || next) && element.isConnected && given("live") != null && !isStatic && `${now.address("events")}`;
    if (url !== heard) {
      listening?.(member);
      listening = null;
      heard = url;
      if (url) {
        if (!fresh.isConnected) element.prepend(make("div.top", {}, fresh));
        listening = channelOf(url);
        listening(member, true);
      }
    }
    if (isMissed) look();
  };
  const forget = () => {
    looking = isMissed = null;
    waiting = [];
    fresh.hidden = true;
  };
  return [settle, forget];
};
