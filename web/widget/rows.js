/*
The rows that a list shows: one a story, whichever of its versions that row shows. Knows no network.
*/

/** The rows that tell an item's story: under the story's name, or that of an item which belongs to it now. */
export const rowsOf = (list, { id, _mpower: { story, also_on: others } }) => [...list.children].filter(({ dataset }) =>
  dataset.story === story || [id, ...others.map(({ item }) => item)].includes(dataset.id));

export const count = (list) => list.querySelectorAll(".mpower-row:not([hidden])").length;

/** Takes a row or a link away. `focus` moves the focus, if it was there, to `heir`, or to where there is none. */
export const leave = (row, heir, focus) => {
  const isHeld = row.contains(document.activeElement);
  row.remove();
  if (isHeld) focus(heir);
};

/** Those of the items whose story has no row. The row of any other shows that version of it from now on. */
export const renew = (list, items, makeRow, focus) => items.filter((item) => {
  const [row, ...others] = rowsOf(list, item);
  // Stories that were joined have one row between them.
  for (const other of others) leave(other, row, focus);
  if (!row) return true;
  const renewed = makeRow(item);
  if (renewed.dataset.id === row.dataset.id && renewed.dataset.also === row.dataset.also) return;
  row.before(renewed);
  leave(row, renewed, focus);
});
