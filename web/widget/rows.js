/*
The rows that a stream shows: one a story, whichever of its versions that row shows. Knows no network.
*/

/** The rows in `list`. `makeRow` makes one of an item; `focus` moves the focus to a row, or to where there is none. */
export const rowsIn = (list, makeRow, focus) => {
  // The rows that tell an item's story: under the story's name, or that of an item which belongs to it now.
  const of = ({ id, _mpower: { story, also_on: others } }) => [...list.children].filter(({ dataset }) =>
    dataset.story === story || [id, ...others.map(({ item }) => item)].includes(dataset.id));
  const leave = (row, heir, isKept) => {
    const isHeld = row.contains(document.activeElement);
    if (isKept) row.hidden = true;
    else row.remove();
    if (isHeld) focus(heir);
  };

  return {
    list,
    of,
    count: () => list.querySelectorAll(":scope > :not([hidden])").length,

    /** Those of the items whose story has no row. The row of any other shows that version of it from now on. */
    renew: (items) => items.filter((item) => {
      const [row, ...others] = of(item);
      // Stories that were joined have one row between them.
      for (const other of others) leave(other, row);
      if (!row) return true;
      const renewed = makeRow(item);
      if (renewed.dataset.id === row.dataset.id && renewed.dataset.also === row.dataset.also) return;
      row.before(renewed);
      leave(row, renewed);
    }),

    /** Puts items where the stream has them, before rows that it has not told of; the new ones. */
    place: (items) => {
      const placed = items.map((item) => of(item)[0] ?? makeRow(item));
      const added = placed.filter((row) => !row.isConnected);
      list.prepend(...placed);
      return added;
    },

    /** Takes a withdrawn item away. Where its story has others the row is kept, unseen, for one of them. */
    drop: (id) => {
      for (const row of [...list.children]) {
        if (row.dataset.id === id) leave(row, row.nextElementSibling ?? row.previousElementSibling, row.dataset.also);
      }
    },
  };
};
