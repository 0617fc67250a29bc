/*
Searches the files of this folder, on a host or by file:. The index comes as scripts, since a page that was opened by
file: may fetch nothing: each calls mpowerSearch(name, data). search.py says what is in them.
*/
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("search"), list = $("found"), more = $("more");
  const policy = globalThis.trustedTypes?.createPolicy("mpower-search", { createScriptURL: (name) => `search/${name}.js` });
  const files = new Map(), waiting = new Map();
  let known, turn, keys = [];

  const load = (name) => {
    if (!files.has(name)) files.set(name, new Promise((done, fail) => {
      const script = document.createElement("script");
      waiting.set(name, done);
      script.onerror = () => files.delete(name) && fail(name);
      script.src = policy ? policy.createScriptURL(name) : `search/${name}.js`;
      document.head.append(script);
    }));
    return files.get(name);
  };
  globalThis.mpowerSearch = (name, data) => {
    if (name !== "index") return waiting.get(name)?.(data);
    known = new Set(data);
    $("without").hidden = true;
    form.hidden = false;
    ask();
  };

  // As aggregator/refine/folding.py folds.
  const OTHERS = { đ: "d", ł: "l", ø: "o", ħ: "h", ı: "i", æ: "ae", œ: "oe", ß: "ss", ς: "σ" };
  const fold = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/[đłøħıæœßς]/g, (one) => OTHERS[one]);
  const fileOf = (start) => `w-${/^[a-z0-9]+$/.test(start) ? start : [...start].map((one) => one.codePointAt(0).toString(16)).join("-")}`;

  const find = async (term) => {
    const file = fileOf([...term].slice(0, 2).join(""));
    const found = new Set();
    if (!known.has(file)) return found;
    for (const [word, places] of await load(file)) if (word.startsWith(term)) {
      for (const part of places.split(",")) {
        const [month, ...numbers] = part.split(" ");
        for (const number of numbers) found.add(month * 1e6 + +number);
      }
    }
    return found;
  };

  const show = async (mine) => {
    const some = keys.splice(0, 30), first = list.children.length;
    const months = await Promise.all(some.map((key) => load(`m-${Math.floor(key / 1e6)}`)));
    if (mine !== turn) return;
    some.forEach((key, n) => {
      const [file, title, language, partner, date, day] = months[n][key % 1e6];
      const row = document.createElement("li"), link = document.createElement("a");
      const about = document.createElement("p"), time = document.createElement("time");
      Object.assign(link, { href: `item/${file}.html`, textContent: title, lang: language, dir: "auto" });
      Object.assign(time, { dateTime: date, textContent: day });
      about.append(partner, " · ", time);
      row.append(link, about);
      list.append(row);
    });
    more.hidden = !keys.length;
    if (first) list.children[first]?.firstChild.focus();
  };

  const ask = async () => {
    const mine = (turn = {});
    const words = new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
    form.q.value = words;
    list.replaceChildren();
    more.hidden = true;
    $("status").textContent = "";
    if (!words.trim()) return;
    const terms = fold(words).split(/[^\p{L}\p{N}]+/u).filter((term) => [...term].length > 1);
    try {
      if (!terms.length) return void ($("status").textContent = form.dataset.short);
      const sets = await Promise.all(terms.map(find));
      if (mine !== turn) return;
      keys = [...sets[0]].filter((key) => sets.every((set) => set.has(key))).sort((a, b) => b - a);
      $("status").textContent = form.dataset.found.replace("{n}", keys.length);
      await show(mine);
    } catch {
      if (mine === turn) $("status").textContent = form.dataset.failed;
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const hash = `#${new URLSearchParams({ q: form.q.value })}`;
    if (location.hash === hash) ask();
    else location.hash = hash;
  });
  more.addEventListener("click", () => show(turn).catch(() => ($("status").textContent = form.dataset.failed)));
  addEventListener("hashchange", ask);
})();
