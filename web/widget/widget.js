/*
<mpower-stream>: the stream on any page. Attributes in, DOM events out, light DOM, no framework, no third party.

  <script type="module" src="https://HOST/widget.js"></script>
  <mpower-stream lang="eu" tag="solar" limit="5" layout="cards" live></mpower-stream>

Attributes, all optional; a list is parted by spaces or commas:
  src            where the stream lives; default: where this file came from
  lang           the visitor's language: en eu hr fr de es pt; default: the page's
  prefer         a list: the languages to show a story in where it stands in several; default: the visitor's
  languages, tag, partner, source, kind    lists: only items in these languages, with these tags, …
  limit          items a page, 1 to 100, default 10
  layout         list | cards | compact
  live           new items are offered by a button, withdrawn ones disappear, a story's row changes with it
  heading-level  2 to 6, default 3
  images         on | off

Events, all bubbling; `detail.items` is how many items are shown now, one a story:
  mpower-stream:load   the first items are there
  mpower-stream:more   `detail.added` items came to them
  mpower-stream:error  `detail.message`, and `detail.detail` if the host said why: a load failed; what was there stays,
                       and the link offers to try again
  mpower-stream:open   a visitor follows an item, `detail.id`, `detail.url`; preventDefault() stays on the page

Rows that a server has put inside (ol.mpower-rows > li[data-id][data-story], a.mpower-more[data-next]) are kept and
used; anything else inside, such as a link for browsers without script, gives way to the first rows.
Looks, custom properties and class names: see widget.css. Served as one file, with the modules it imports,
widget.css and the English words inside (web/widgetfile.py).
*/

import { Channel } from "./channel.js";
import { make, plural, primary, rowOf } from "./row.js";
import { Rows } from "./rows.js";

// Filled in as it is served: widget.css, the English words, the languages that have words.
const BUILT = { style: "", words: {}, languages: [] };
const HOME = new URL(".", import.meta.url).href;
const FILTERS = { languages: "lang", tag: "tag", partner: "partner", source: "source", kind: "kind" };
const PATIENCE_MS = 20_000;

const sheet = new CSSStyleSheet();
sheet.replaceSync(BUILT.style);

const get = async (url) => {
  const answer = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => null);
    throw new Error(`${answer.status} ${url}`, { cause: problem?.detail });
  }
  return answer.json();
};

// English is here already; another language is one request for all elements of the page.
const asked = new Map();
const wordsIn = (base, language) => {
  if (language === "en" || !BUILT.languages.includes(language)) return Promise.resolve(BUILT.words);
  const url = new URL(`strings/${language}.json`, base).href;
  if (!asked.has(url)) asked.set(url, get(url).catch(() => asked.delete(url) && BUILT.words));
  return asked.get(url);
};

class MpowerStream extends HTMLElement {
  static observedAttributes = [...Object.keys(FILTERS), "src", "lang", "prefer", "limit", "heading-level", "images", "live"];
  static #count = 0;
  // Several elements may show the same item.
  #prefix = `mpower-${++MpowerStream.#count}-`;
  // What this element knows since its last start. An answer that finds another one has come too late.
  #now;
  #rows; #status; #more; #fresh; #channel; #restart;

  connectedCallback() {
    if (document.readyState === "loading") {
      // An `async` script may run before the rows inside are parsed.
      document.addEventListener("DOMContentLoaded", () => this.isConnected && this.connectedCallback(), { once: true });
      return;
    }
    if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);
    if (!this.#now) {
      this.addEventListener("click", (event) => this.#click(event));
      this.#start();
    }
    this.#listen();
  }

  disconnectedCallback() {
    this.#listen();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#now || before === after) return;
    if (name === "live") this.#listen();
    // One restart for all attributes that change together.
    else this.#restart ??= Promise.resolve().then(() => {
      this.#restart = null;
      this.replaceChildren();
      this.#start();
      this.#listen();
    });
  }

  #start() {
    let base = HOME, wrong;
    try {
      base = new URL(".", new URL((this.getAttribute("src") || HOME).replace(/\/?$/, "/"), document.baseURI));
    } catch (error) {
      wrong = error;
    }
    const spoken = primary(this.closest("[lang]")?.lang);
    const language = BUILT.languages.includes(spoken) ? spoken : "en";
    // `waiting` is the stream down to the last row, with what is not shown yet.
    const now = (this.#now = {
      base, wrong, language, words: wordsIn(base, language), names: {}, tags: {}, spoken: {}, waiting: [], prefix: this.#prefix,
      visitor: /^[a-z]{2,8}$/.test(spoken) ? spoken : language,
      level: Math.min(6, Math.max(2, Number(this.getAttribute("heading-level")) || 3)),
      images: this.getAttribute("images") !== "off",
    });
    now.isLoaded = Boolean(this.querySelector(".mpower-rows"));
    const given = (name) => now.isLoaded ? this.querySelector(`.mpower-${name}`) : null;
    if (!now.isLoaded) now.fallback = [...this.childNodes];
    const list = given("rows") ?? make("ol", { class: "mpower-rows", role: "list" });
    const makeRow = (item, words) => rowOf(item, { ...this.#now, words });
    this.#rows = new Rows(list, makeRow, (row) => this.#focus(row));
    this.#status = given("status") ?? make("p", { class: "mpower-status", role: "status" });
    this.#more = given("more") ?? make("a", { class: "mpower-more" });
    this.#fresh = make("button", { class: "mpower-fresh", type: "button", hidden: "" });
    this.prepend(make("div", { class: "mpower-top" }, this.#fresh));
    if (!now.isLoaded) this.append(list, this.#status);
    if (wrong) this.#fail(wrong);
    else if (now.isLoaded) {
      now.next = this.#more.dataset.next && new URL(this.#more.dataset.next, base).href;
      this.#tell("load");
    } else this.#load(this.#first());
  }

  #first() {
    const url = new URL("stream.json", this.#now.base);
    const add = (name, value) => value && url.searchParams.append(name, value);
    const list = (attribute) => (this.getAttribute(attribute) ?? "").split(/[\s,]+/).filter(Boolean);
    for (const [attribute, name] of Object.entries(FILTERS)) for (const value of list(attribute)) add(name, value);
    const preferred = list("prefer");
    for (const value of preferred.length ? preferred : [this.#now.visitor]) add("prefer", value);
    const limit = parseInt(this.getAttribute("limit"), 10);
    if (!isNaN(limit)) add("limit", Math.min(100, Math.max(1, limit)));
    return url.href;
  }

  #click(event) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const target = event.target.closest("a, button");
    if (target === this.#fresh) this.#show();
    else if (target === this.#more && this.#now.next) {
      event.preventDefault();
      this.#load(this.#now.next);
    } else if (target?.matches(".mpower-title a")) {
      const { id } = target.closest("[data-id]").dataset;
      if (!this.#tell("open", { id, url: target.href })) event.preventDefault();
    }
  }

  async #load(url) {
    const now = this.#now;
    if (now.isBusy) return;
    this.#setBusy(true);
    now.words.then((words) => now.isBusy && now === this.#now && this.#say(words.loading));
    try {
      let next = url, words, rows = [];
      // A page may hold nothing but what is shown already: look further, but not for ever.
      for (let tries = 6; next && !rows.length && tries; tries--) {
        const [page, said] = await Promise.all([this.#page(next), now.words]);
        if (now !== this.#now) return;
        ({ next } = page);
        words = said;
        rows = this.#rows.append(this.#rows.renew(page.items, words), words);
      }
      this.#offer(next, words.more);
      const added = now.isLoaded ? plural(words, words.loaded, rows.length) : "";
      const none = Object.keys(FILTERS).some((name) => this.getAttribute(name)) ? words.nothing_fits : words.empty;
      this.#say(this.#rows.size ? `${added} ${next ? "" : words.end}`.trim() : none);
      if (now.isLoaded) this.#focus(rows[0]);
      this.#tell(now.isLoaded ? "more" : "load", { added: rows.length });
      now.isLoaded = true;
      now.fallback?.splice(0).forEach((node) => node.remove());
    } catch (error) {
      await this.#fail(error, url);
    } finally {
      if (now === this.#now) {
        this.#setBusy(false);
        if (now.isMissed) this.look();
      }
    }
  }

  async #fail(error, url) {
    const now = this.#now;
    const words = await now.words;
    if (now !== this.#now) return;
    if (url) this.#offer(url, words.retry);
    this.#say(words.failed);
    this.#tell("error", { message: String(error), detail: error.cause });
  }

  /** A page's items, and where the next page is. */
  async #page(url) {
    const { names, tags, spoken } = this.#now;
    const { items, next_url, _mpower: more } = await get(url);
    Object.assign(names, more?.partners);
    Object.assign(tags, more?.tags);
    Object.assign(spoken, more?.languages);
    // A static export names its pictures from where it lies itself.
    for (const item of items) if (item.image) item.image = new URL(item.image, url).href;
    // Only the query of `next_url` counts, if it has one: we stay on the host that this page may speak to.
    const next = next_url && new URL(new URL(next_url, url).search || next_url, url).href;
    return { items, next };
  }

  /** The link to what comes next, or to the same once more; without script it leads to the page that shows it. */
  #offer(next, text) {
    this.#now.next = next;
    if (!next) return this.#more.remove();
    const page = new URL(next.replace("/stream.json", "/stream").replace(/\.json$/, ".html"));
    page.searchParams.set("ui", this.#now.language);
    this.#more.href = page.href;
    this.#more.textContent = text;
    // A node that is put where it is already would lose its focus.
    if (!this.#more.isConnected) this.append(this.#more);
  }

  #setBusy(isBusy) {
    this.#now.isBusy = isBusy;
    this.#rows.list.ariaBusy = this.#more.ariaDisabled = isBusy ? "true" : null;
  }

  #say(text) {
    this.#status.textContent = text;
  }

  #tell(name, more) {
    const detail = { items: this.#rows.size, ...more };
    return this.dispatchEvent(new CustomEvent(`mpower-stream:${name}`, { bubbles: true, cancelable: true, detail }));
  }

  #focus(row) {
    const target = row?.querySelector(".mpower-title a") ?? row?.querySelector(".mpower-title") ?? this.#status;
    if (target.localName !== "a") target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  }

  #listen() {
    this.#channel?.remove(this);
    this.#channel = this.isConnected && this.hasAttribute("live") && !this.#now.wrong ? Channel.of(this.#now.base) : null;
    this.#channel?.add(this);
  }

  /** Looks for new items and offers them by a button; nothing that is read moves. */
  async look() {
    const now = this.#now;
    // What is being loaded may be older than what we are told of: look when it is here.
    now.isMissed = now.isBusy;
    if (now.isBusy) return;
    if (!now.isLoaded) return this.#load(this.#first());
    const turn = (now.turn = {});
    try {
      const words = await now.words;
      // An item comes where its date belongs: anywhere down to the last row, and below it where the stream ended.
      // Three rows stand for the last: one of them may be withdrawn.
      const last = this.#rows.last(3);
      const url = new URL(this.#first());
      url.searchParams.set("limit", Math.min(100, this.#rows.size + 20));
      const items = [];
      let next = url.href;
      const isEnough = () => now.next && (!next || items.some(({ _mpower: { story } }) => last.includes(story)));
      for (let tries = 6; next && tries && !isEnough(); tries--) {
        const page = await this.#page(next);
        items.push(...page.items);
        next = page.next;
      }
      // A later look knows more.
      if (now !== this.#now || turn !== now.turn) return;
      // What follows the last row is Load More's.
      const end = items.findLastIndex((item) => this.#rows.of(item).length);
      if (end >= 0 && isEnough()) {
        items.length = end + 1;
        next = null;
      }
      const fresh = this.#rows.renew(items, words).length;
      this.#rows.clear();
      Object.assign(now, { waiting: items, beyond: next });
      this.#fresh.hidden = !fresh;
      this.#fresh.textContent = plural(words, words.new, fresh);
      if (fresh) this.#say(this.#fresh.textContent);
    } catch {
      // Nobody asked for it: the next event or connection looks again.
    }
  }

  /** Puts the waiting items where the stream has them, among those that stay where they are. */
  async #show() {
    const { waiting, words: coming, beyond, next } = this.#now;
    const words = await coming;
    const added = this.#rows.place(waiting, words);
    this.#fresh.hidden = true;
    this.#say(plural(words, words.loaded, added.length));
    this.#focus(added.at(-1));
    this.#tell("more", { added: added.length });
    // More came than one look reads: go on to look while rows below wait to be reached, else Load More leads on.
    if (beyond && next) this.look();
    else if (beyond) this.#offer(beyond, words.more);
  }

  /** Takes a withdrawn item away; where its story has others, the look that follows puts one in its place. */
  drop(id) {
    const now = this.#now;
    now.waiting = now.waiting.filter((item) => item.id !== id);
    now.turn = null; // what is on its way may still hold it
    this.#rows.drop(id);
  }
}

customElements.define("mpower-stream", MpowerStream);
