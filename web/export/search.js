/*
Searches the files of this folder, on a host or by file:. The index comes as scripts, since a page that was opened by
file: may fetch nothing: each calls mpowerSearch(name, data). search.py says what is in them.
*/
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, values) => Object.assign(document.createElement(tag), values);
  const form = $("search"), list = $("found"), more = $("more");
  const createScriptURL = (name) => `search/${name}.js`;
  const policy = self.trustedTypes?.createPolicy("mpower-search", { createScriptURL }) ?? { createScriptURL };
  const files = new Map(), waiting = new Map();
  let known, turn, keys;

  const load = (name) => {
    if (!files.has(name)) files.set(name, new Promise((done, fail) => {
      waiting.set(name, done);
      const onerror = () => fail(files.delete(name));
      document.head.append(make("script", { onerror, src: policy.createScriptURL(name) }));
    }));
    return files.get(name);
  };
  self.mpowerSearch = (name, data) => {
    if (name !== "index") return waiting.get(name)?.(data);
    known = new Set(data);
    $("without").hidden = true;
    form.hidden = false;
    ask();
  };

  // As aggregator/refine/folding.py folds.
  const OTHERS = "đd łl øo ħh ıi æae œoe ßss ςσ".split(" ");
  const fold = (text) => OTHERS.reduce((some, [from, ...to]) => some.replaceAll(from, to.join("")),
    text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, ""));

  const find = async (term) => {
    const [start] = term.match(/^../u), found = new Set();
    const file = "w-" + encodeURIComponent(start).replaceAll("%", "-").toLowerCase();
    if (known.has(file)) for (const [word, places] of await load(file)) if (word.startsWith(term)) {
      for (const part of places.split(",")) {
        const [month, ...numbers] = part.split(" ");
        for (const number of numbers) found.add(month * 1e6 + +number);
      }
    }
    return found;
  };

  // A search that another one has followed shows nothing.
  const show = async (mine) => {
    const some = keys.slice(0, 30), first = list.children.length;
    const months = await Promise.all(some.map((key) => load(`m-${Math.floor(key / 1e6)}`)));
    if (mine !== turn) return;
    keys = keys.slice(30);
    some.forEach((key, n) => {
      const [file, textContent, lang, partner, dateTime, day] = months[n][key % 1e6];
      const row = make("li"), about = make("p");
      about.append(partner, " · ", make("time", { dateTime, textContent: day }));
      row.append(make("a", { href: `item/${file}.html`, textContent, lang, dir: "auto" }), about);
      list.append(row);
    });
    more.hidden = !keys.length;
    if (first) list.children[first].firstChild.focus();
  };

  const tell = (text) => ($("status").textContent = text);
  const trying = (work) => (_, mine = turn) => work(mine).catch(() => mine === turn && tell(form.dataset.failed));
  const search = async (mine) => {
    const terms = fold(form.q.value).match(/[\p{L}\p{N}]{2,}/gu);
    if (!terms) return tell(form.dataset.short);
    const sets = await Promise.all(terms.map(find));
    if (mine !== turn) return;
    keys = [...sets[0]].filter((key) => sets.every((set) => set.has(key))).sort((a, b) => b - a);
    const count = keys.length;
    await show(mine);
    if (mine === turn) tell(form.dataset.found.replace("{n}", count));
  };
  const ask = () => {
    turn = {};
    form.q.value = new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
    list.replaceChildren();
    more.hidden = true;
    tell("");
    if (form.q.value) trying(search)();
  };

  form.onsubmit = () => {
    const hash = `#${new URLSearchParams({ q: form.q.value })}`;
    if (location.hash !== hash) history.pushState(0, "", hash);
    ask();
    return false;
  };
  more.onclick = trying(show);
  onhashchange = ask;
})();
