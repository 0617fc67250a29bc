// Keeps what someone is reading where it is while cards come and go above it.

const bar = () => document.querySelector(".bar")?.getBoundingClientRect().bottom ?? 0;

/** The card that a reader's eyes are on: the selected one if it is in view, else the topmost in view. */
function anchor(list) {
  const inView = (node) => {
    const { top, bottom } = node.getBoundingClientRect();
    return bottom > bar() + 8 && top < innerHeight;
  };
  const selected = list.querySelector('[aria-current="true"]');
  return selected && inView(selected) ? selected : [...list.children].find(inView);
}

/** Do `change`, then scroll by as much as it has moved the anchor. */
export function hold(list, change) {
  const kept = anchor(list);
  const before = kept?.getBoundingClientRect().top;
  change();
  if (!kept?.isConnected) return;
  const shift = kept.getBoundingClientRect().top - before;
  if (!shift) return;
  // A page shorter than the window cannot be scrolled: it is made as long as it takes.
  const lacking = shift + innerHeight - document.body.getBoundingClientRect().bottom;
  if (lacking > 0) list.style.paddingBottom = `${parseFloat(getComputedStyle(list).paddingBottom) + lacking}px`;
  scrollBy({ top: shift, behavior: "instant" });
}

/** True for a card of which the window shows little or nothing, because it is further up. */
export const isAbove = (card) => card.getBoundingClientRect().bottom < bar() + 100;

/** Bring a card into view by the shortest way; one that is taller than the window by its top. */
export function reveal(card) {
  const { top, bottom } = card.getBoundingClientRect();
  const upper = bar() + 12;
  const lower = innerHeight - 12;
  if (top >= upper && bottom <= lower) return;
  const by = top < upper || bottom - top > lower - upper ? top - upper : bottom - lower;
  scrollBy({ top: by, behavior: "instant" });
}
