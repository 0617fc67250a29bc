/*
<mpower-stream>: rows, Load More, what is new, what failed. The other modules know what a row is and where it belongs.
*/

import { channelOf } from "./channel.js";
import { filtersOf } from "./filters.js";
import { define, get, make, onClick, parted, plural, primary, tell } from "./part.js";
import { rowOf } from "./row.js";
import { rowsIn } from "./rows.js";

const FILTERS = { languages: "lang", tag: "tag", partner: "partner", source: "source", kind: "kind" };
let elements = 0;

define("stream", (element, given) => {
  // Several elements may show the same item.
  const prefix = `mpower-${++elements}-`;
  const fresh = make("button.fresh", { type: "button", hidden: "" });
  // `now` is what the page wants, `turn` changes with each start: an answer that finds another one has come too late.
  let now, turn, key, words, rows, status, more, filters, listening;
  // `fallback` stands there until rows come, `next` is where the page after the last row is.
  let fallback, next, isLoaded, isAgain, isBusy, isMissed, isStatic;
  // The stream down to the last row, with what is not shown yet, and where it goes on.
  let waiting = [], beyond, looking;

  const limit = () => parseInt(given("limit")) || 10;
  const newList = () => make("ol.rows", { role: "list" });
  const say = (text) => { status.textContent = text ?? ""; };
  const report = (name, detail) => tell(element, name, { items: rows.count(), ...detail });
  const setBusy = (value) => {
    isBusy = value;
    rows.list.ariaBusy = more.ariaDisabled = value ? "true" : null;
  };
  const focus = (row) => {
    const title = row?.querySelector(".mpower-title");
    const target = title?.querySelector("a") ?? title ?? status;
    if (!target.href) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  };
  const makeRow = (item) => rowOf(item, { ...now, words, prefix });

  const first = () => {
    const url = now.address("stream.json");
    const add = (name, values) => {
      for (const value of parted(values)) url.searchParams.append(name, value);
    };
    for (const name in FILTERS) add(FILTERS[name], given(name));
    add("prefer", given("prefer") || now.spoken);
    const number = parseInt(given("limit"));
    if (!isNaN(number)) url.searchParams.set("limit", Math.min(100, Math.max(1, number)));
    return url;
  };

  /** A page's items, and where the next page is. */
  const read = async (url) => {
    const { items, next_url: onward, _mpower } = await get(url);
    const page = { partners: {}, tags: {}, languages: {}, ..._mpower };
    isStatic = page.static;
    // A host of files names its pictures from where it lies itself.
    const whole = (address) => address && `${new URL(address, url)}`;
    for (const item of items) {
      const more = { also_on: [], translations: {}, ...item._mpower };
      for (const picture of more.images ?? []) picture.url = whole(picture.url);
      Object.assign(item, { tags: [], ...item, image: whole(item.image), page, _mpower: more });
    }
    // Only the query of `next_url` counts, if it has one: we stay on the host that this page may speak to.
    return [items.filter(fits), onward && new URL(new URL(onward, url).search || onward, url)];
  };
  // A host of files filters nothing.
  const fits = ({ language, tags, _mpower: { partner, source, kind } }) => {
    const wanted = first().searchParams;
    const has = { lang: [language, primary(language)], tag: tags, partner: [partner], source: [source], kind: [kind] };
    return !isStatic || Object.keys(has).every((name) => !wanted.has(name) || has[name].some((value) => wanted.has(name, value)));
  };

  /** The link to what comes next, or to the same once more; without script it leads to the page that shows it. */
  const offer = (url, text) => {
    next = url;
    if (!url) return more.remove();
    const page = new URL(`${url}`.replace("/stream.json", "/stream").replace(/\.json$/, ".html"));
    page.searchParams.set("ui", now.language);
    more.href = page;
    more.textContent = text;
    // A node that is put where it is already would lose its focus.
    if (!more.isConnected) element.append(more);
  };

  const fail = async (error, url) => {
    const mine = turn;
    words = await now.coming;
    if (mine !== turn) return;
    if (url) offer(url, words.retry);
    say((!navigator.onLine && words.offline) || words.failed);
    report("error", { message: `${error}`, detail: error.cause });
  };

  /** Loads from `url` until so many rows came; `isAgain` where they stood there before, so far down. */
  const load = async (url, wanted = 1, down) => {
    if (isBusy) return;
    const mine = turn;
    setBusy(true);
    say(words?.loading);
    try {
      const added = [];
      // A page may hold nothing but what is shown already: look further, but not for ever.
      for (let tries = 6; url && added.length < (isStatic ? limit() : wanted) && (tries-- || isStatic); ) {
        if (wanted > 1) url.searchParams.set("limit", Math.min(100, wanted));
        const [[items, onward], said] = await Promise.all([read(url), now.coming]);
        if (mine !== turn) return;
        words = said;
        const others = rows.renew(items).map(makeRow);
        rows.list.append(...others);
        added.push(...others);
        url = onward;
      }
      if (wanted > 1) url?.searchParams.set("limit", limit());
      offer(url, words.more);
      for (const node of fallback.splice(0)) node.remove();
      if (!rows.list.isConnected) status.before(rows.list);
      const forms = isAgain ? words.shown : isLoaded && words.loaded;
      const none = Object.keys(FILTERS).some(given) ? words.nothing_fits : words.empty;
      say(rows.count() ? `${plural(words, forms, added.length) ?? ""} ${url ? "" : words.end}`.trim() : none);
      if (isLoaded && !isAgain) focus(added[0]);
      if (down) scrollTo(0, down);
      report(isLoaded ? "more" : "load", { added: added.length });
      if (isLoaded) remember();
      isLoaded = true;
      isAgain = false;
    } catch (error) {
      await fail(error, url);
    }
    if (mine !== turn) return;
    setBusy(false);
    listen();
    if (isMissed) look();
  };

  /** Looks for new items and offers them by a button; nothing that is read moves. */
  const look = async () => {
    // What is being loaded may be older than what we are told of: look when it is here.
    isMissed = isBusy;
    if (isBusy) return;
    if (!isLoaded) return load(next);
    const mine = (looking = {});
    try {
      words = await now.coming;
      // An item comes where its date belongs: anywhere down to the last row, and below it where the stream ended.
      // Three rows stand for the last: one of them may be withdrawn.
      const last = [...rows.list.children].slice(-3);
      const items = [];
      let url = first();
      url.searchParams.set("limit", Math.min(100, rows.count() + 20));
      const isEnough = () => next && (!url || items.some((item) => rows.of(item).some((row) => last.includes(row))));
      for (let tries = 6; url && tries-- && !isEnough(); ) {
        const [coming, onward] = await read(url);
        items.push(...coming);
        url = onward;
      }
      // A later look knows more.
      if (mine !== looking) return;
      // What follows the last row is Load More's.
      const end = items.findLastIndex((item) => rows.of(item).length);
      if (end >= 0 && isEnough()) {
        items.length = end + 1;
        url = null;
      }
      const count = rows.renew(items).length;
      for (const row of rows.list.querySelectorAll(":scope > [hidden]")) row.remove();
      waiting = items;
      beyond = url;
      fresh.hidden = !count;
      fresh.textContent = plural(words, words.new, count);
      if (count) say(fresh.textContent);
    } catch {
      // Nobody asked for it: the next event or connection looks again.
    }
  };

  /** Puts the waiting items where the stream has them, among those that stay where they are. */
  const show = () => {
    const added = rows.place(waiting);
    fresh.hidden = true;
    say(plural(words, words.loaded, added.length));
    focus(added[0]);
    report("more", { added: added.length });
    // More came than one look reads: go on to look while rows below wait to be reached, else Load More leads on.
    if (beyond && next) look();
    else if (beyond) offer(beyond, words.more);
  };

  const member = {
    look,
    /** Takes a withdrawn item away; where its story has others, the look that follows puts one in its place. */
    drop: (id) => {
      waiting = waiting.filter((item) => item.id !== id);
      looking = null; // what is on its way may still hold it
      rows.drop(id);
    },
  };
  const listen = () => {
    listening?.(member);
    listening = null;
    if (!element.isConnected || given("live") == null || isStatic) return;
    listening = channelOf(now.address("events"));
    listening(member, true);
  };

  onClick(element, (target, event) => {
    if (target === fresh) show();
    else if (target === more && next) {
      event.preventDefault();
      load(next);
    } else if (target.matches(".mpower-title a")) {
      const { id } = target.closest("[data-id]").dataset;
      if (!report("open", { id, url: target.href })) event.preventDefault();
    }
  });

  /** For the way back: how many rows in the address, how far down in the history's entry. */
  const name = () => given("history") || "mpower";
  const remember = (scrolled) => {
    if (given("history") == null) return;
    const url = new URL(location);
    if (!scrolled) url.searchParams.set(name(), rows.count());
    history.replaceState({ ...history.state, [name()]: scrollY }, "", url);
  };
  // When a page is left it is too late to write.
  addEventListener("scrollend", remember);

  /** Once. Rows that a server has put inside are kept and used; anything else gives way to the first rows. */
  const build = () => {
    const find = (part) => element.querySelector(`.mpower-${part}`);
    isLoaded = find("rows");
    fallback = isLoaded ? [] : [...element.childNodes];
    rows = rowsIn(isLoaded ?? newList(), makeRow, focus);
    status = find("status") ?? make("p.status", { role: "status" });
    more = find("more") ?? make("a.more");
    element.prepend(make("div.top", {}, fresh));
    if (!isLoaded) return element.append(rows.list, status);
    next = more.dataset.next && now.address(more.dataset.next);
    report("load");
  };

  /** What is shown stays until as many rows of the other kind are there. */
  const swap = () => {
    isAgain = true;
    if (!isLoaded) return;
    isLoaded = false;
    fallback = [rows.list];
    rows = rowsIn(newList(), makeRow, focus);
  };

  const start = (problem) => {
    turn = {};
    looking = isBusy = isMissed = null;
    waiting = [];
    fresh.hidden = true;
    let size = rows?.count(), down;
    if (rows) swap();
    else {
      build();
      size = given("history") == null ? 0 : new URLSearchParams(location.search).get(name()) - rows.count();
      isAgain = size > 0;
      down = history.state?.[name()];
    }
    if (problem) fail(problem);
    else if (!isLoaded) load(next, size > limit() ? size : 1, down);
    else if (next && isAgain) load(next, size, down);
    else listen();
  };

  return (told) => {
    const { language, level } = told;
    now = { ...told, images: given("images") !== "off" };
    if (!element.isConnected) return listen();
    let url, problem;
    try {
      url = first();
    } catch (error) {
      problem = error;
    }
    const wanted = [url, language, level, now.images].join();
    if (wanted === key) listen();
    else {
      key = wanted;
      next = url;
      start(problem);
    }
    if (given("filters") == null || filters?.lang === language) return;
    filters?.remove();
    filters = filtersOf(element, now, fail);
    element.prepend(filters);
  };
});
