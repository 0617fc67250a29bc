/*
The live events of a host, told to the elements that want them: `look()` when something may be new, `drop(id)` when an
item was withdrawn. Knows no rows.
*/

/** One connection a host for all its live elements (browsers allow six), and none while the page is hidden. */
export class Channel {
  static #all = new Map();
  #members = new Set();
  #source;
  #timer;

  static of(base) {
    const url = new URL("events", base).href;
    if (!this.#all.has(url)) this.#all.set(url, new Channel(url));
    return this.#all.get(url);
  }

  constructor(url) {
    this.url = url;
    document.addEventListener("visibilitychange", () => this.#decide());
  }

  add(member) {
    this.#members.add(member);
    this.#decide();
  }

  remove(member) {
    this.#members.delete(member);
    this.#decide();
  }

  #decide() {
    const wanted = this.#members.size && !document.hidden;
    if (wanted && !this.#source) this.#open();
    else if (!wanted) this.#close();
  }

  #open() {
    this.#source = new EventSource(this.url);
    // Once it stands, look: something may have happened before.
    for (const name of ["open", "item-published"]) this.#source.addEventListener(name, () => this.#look());
    this.#source.addEventListener("item-withdrawn", ({ data }) => {
      for (const member of this.#members) member.drop(JSON.parse(data).id);
      this.#look();
    });
    this.#source.addEventListener("error", ({ target }) => {
      // A broken line the browser mends by itself, an answer like 503 it does not.
      if (target.readyState !== EventSource.CLOSED) return;
      this.#close();
      setTimeout(() => this.#decide(), 5000 + 5000 * Math.random());
    });
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  // A burst of events is one look, and a thousand open pages do not all look in the same moment.
  #look() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const member of this.#members) member.look();
    }, 100 + 200 * Math.random());
  }
}
