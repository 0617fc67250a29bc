/*
The rows that a stream shows: one a story, whichever of its versions that row shows. Knows no network.
*/

export class Rows {
  #make;
  #focus;

  /** `make` is the row of an item, in these words; `focus` moves the focus to a row, or to where there is none. */
  constructor(list, make, focus) {
    this.list = list;
    this.#make = make;
    this.#focus = focus;
  }

  get size() {
    return this.list.querySelectorAll(":scope > li:not([hidden])").length;
  }

  /** The stories of the last rows. */
  last(count) {
    return [...this.list.children].slice(-count).map(({ dataset }) => dataset.story);
  }

  /** The rows that tell an item's story: under the story's name, or that of an item which belongs to it now. */
  of({ id, _mpower: { story, also_on: others } }) {
    const ids = [id, ...(others ?? []).map(({ item }) => item)];
    return [...this.list.children].filter(({ dataset }) => dataset.story === story || ids.includes(dataset.id));
  }

  /** Those of the items whose story has no row. The row of any other shows that version of it from now on. */
  renew(items, words) {
    return items.filter((item) => {
      const [row, ...others] = this.of(item);
      // Stories that were joined have one row between them.
      for (const other of others) this.#leave(other);
      if (!row) return true;
      const renewed = this.#make(item, words);
      const { id, also } = renewed.dataset;
      if (id === row.dataset.id && also === row.dataset.also) return false;
      const held = row.contains(document.activeElement);
      row.replaceWith(renewed);
      if (held) this.#focus(renewed);
      return false;
    });
  }

  append(items, words) {
    const added = items.map((item) => this.#make(item, words));
    this.list.append(...added);
    return added;
  }

  /** Puts the items where the stream has them, among rows that stay where they are; the new ones, the last first. */
  place(items, words) {
    const rows = items.map((item) => this.of(item)[0]);
    let before = rows.some(Boolean) ? rows.findLast(Boolean).nextSibling : this.list.firstChild;
    const added = [];
    for (const [n, item] of [...items.entries()].reverse()) {
      const row = rows[n] ?? this.#make(item, words);
      if (!rows[n]) added.push(row);
      // A story that has news stands higher than before. What is in its place is not moved, and keeps its focus.
      if (!rows[n] || row.compareDocumentPosition(before ?? row) & Node.DOCUMENT_POSITION_PRECEDING) {
        this.list.insertBefore(row, before);
      }
      before = row;
    }
    return added;
  }

  /** Takes a withdrawn item away. Where its story has others the row is kept, unseen, for one of them. */
  drop(id) {
    const row = [...this.list.children].find(({ dataset }) => dataset.id === id);
    if (row) this.#leave(row, row.dataset.also);
  }

  /** Gives up the rows that were kept. */
  clear() {
    for (const row of this.list.querySelectorAll(":scope > [hidden]")) row.remove();
  }

  #leave(row, isKept) {
    const held = row.contains(document.activeElement);
    const heir = row.nextElementSibling ?? row.previousElementSibling;
    if (isKept) row.hidden = true;
    else row.remove();
    if (held) this.#focus(heir);
  }
}
