/*
What the four elements share: how an element is made, asked for, told of and started. Knows no items.
*/

const PATIENCE_MS = 2e4;
// What must be said even where no words can be had.
const PLAIN = { more: "Load more", retry: "Try again", failed: "Not loaded" };

/** What a parameter or attribute says, brought into the range. */
export const within = (low, value, high) => Math.max(low, Math.min(value, high));
export const primary = (language) => /^[a-z]{2,8}/i.exec(language)?.[0].toLowerCase();
export const parted = (list) => (list ?? "").split(/[\s,]+/).filter(Boolean);
export const fill = (text, values) => text?.replace(/{(\w+)}/g, (_, name) => values[name]);
export const plural = ({ locale }, forms, n) => forms && fill(forms[new Intl.PluralRules(locale).select(n)] ?? forms.other, { n });

/**
 * `make("p.meta", { id }, …)` is a `p` of the class `mpower-meta`; a text in place of attributes is the language of what
 * is inside. Attributes without a value and children that are empty are left out; where all children are empty there is
 * no element.
 */
export const make = (name, attributes, ...children) => {
  const held = children.flat(9).filter(Boolean);
  if (children.length && !held[0]) return;
  const [tag, part] = name.split(".");
  const node = document.createElement(tag);
  if (part) node.className = `mpower-${part}`;
  if (attributes?.at) attributes = { dir: "auto", lang: attributes };
  for (const name in attributes) if (attributes[name] != null) node.setAttribute(name, attributes[name]);
  node.append(...held);
  return node;
};

export const web = (url) => /^https?:\/\//i.test(url);
/** A list of links, or of what stands in their place. */
export const listed = (held) => make("ul.links", { role: "list" }, held.map((one) => make("li", 0, one)));
/** A link, if one may lead there: to the web and nowhere else. */
export const linked = (attributes, ...held) => (web(attributes.href) ? make("a", attributes, ...held) : held);

export const get = async (url) => {
  const answer = await fetch(new URL(url), { signal: AbortSignal.timeout(PATIENCE_MS) });
  const told = await answer.json();
  if (!answer.ok) throw Error(answer.status, { cause: told.detail });
  return told;
};

/** The same, asked for once for all elements of the page. */
const asked = {};
export const once = (url) => (asked[url] ??= get(url).catch((error) => {
  asked[url] = null;
  throw error;
}));

/** False where a listener does not want what follows. */
export const tell = (element, name, detail) =>
  element.dispatchEvent(new CustomEvent(`${element.localName}:${name}`, { bubbles: true, cancelable: true, detail }));

/** Calls `act` with what was clicked, unless it is to open elsewhere. */
export const onClick = (element, act) => element.addEventListener("click", (event) => {
  const target = event.target.closest("a,button");
  if (target && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) act(target, event);
});

/** Defines an element. What `begin(element, given)` gives is called when the element comes, goes or is told something. */
export const define = (name, begin) => customElements.define(`mpower-${name}`, class extends HTMLElement {
  #given = (name) => this.getAttribute(name);
  #update = begin(this, this.#given);
  #watch = new MutationObserver(() => this.connectedCallback()).observe(this, { attributes: true });

  async connectedCallback() {
    // Attributes that are set in the same moment count, too.
    await null;
    const src = this.#given("src");
    const spoken = primary(this.closest("[lang]")?.lang);
    // A test holds these to strings/.
    const language = /^(de|e[nsu]|fr|hr|pt)$/.test(spoken) ? spoken : "en";
    const now = {
      language, prefer: spoken ?? language,
      level: within(2, this.#given("heading-level") || 3, 6) || 3,
      address: (path) => new URL(path, src ? new URL(src.replace(/\/?$/, "/"), document.baseURI) : import.meta.url),
      coming: once(new URL(`strings/${language}.json`, import.meta.url)).catch(() => PLAIN).then((words) => (now.words = words)),
    };
    try {
      await this.#update(now);
    } catch (error) {
      tell(this, "error", { message: `${error}`, detail: error.cause });
    }
  }

  disconnectedCallback() {
    this.connectedCallback();
  }
});
