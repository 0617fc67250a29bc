/*
<mpower-stream>: rows, Load More, what failed. The other modules know what a row is and where it belongs; what only some
streams use stands in extras.js.
*/

import { define, get, make, onClick, parted, plural, primary, tell, within } from "./part.js";
import { rowOf } from "./row.js";
import { count, leave, renew, rowsOf } from "./rows.js";

const FILTERS = parted("languages tag partner source kind");
const DOUBLE_MS = 500;
let elements = 0;

define("stream", (element, given) => {
  // Several elements may show the same item.
  const prefix = `mpower-${++elements}-`;
  // `now` is what the page wants, `turn` changes with each start: an answer that finds another one has come too late.
  let now, turn, key, list, status, more;
  // `fallback` stands there until rows come, `next` is where the page after the last row is.
  let fallback, next, isLoaded, isAgain, isBusy, isStatic;
  // When Load More was clicked: the second click of a double click is not for the row that it meets.
  let clickedAt;
  // What extras.js does for the stream, once it is here.
  let extras, told, forget, remember, back;

  const limit = (usual) => within(1, parseInt(given("limit")), 100) || usual;
  const newList = () => make("ol.rows", { role: "list" });
  const say = (text) => { status.textContent = text; };
  const report = (name, detail) => tell(element, name, { items: count(list), ...detail });
  const setBusy = (value) => {
    list.ariaBusy = more.ariaDisabled = isBusy = value;
  };
  const focus = (row) => {
    const target = row?.querySelector(".mpower-title a") ?? row?.querySelector(".mpower-title") ?? status;
    if (!target.href) target.tabIndex = -1;
    target.focus();
  };
  const makeRow = (item) => rowOf(item, now, prefix, given("images") !== "off");

  const first = () => {
    const url = now.address("stream.json");
    for (const name of [...FILTERS, "prefer"]) {
      for (const value of parted(given(name) || now[name])) {
        url.searchParams.append(name === "languages" ? "lang" : name, value);
      }
    }
    if (limit()) url.searchParams.set("limit", limit());
    return url;
  };

  /** A page's items, and where the next page is. */
  const read = async (url) => {
    const { items, next_url: onward, _mpower: page } = await get(url);
    isStatic = page.static;
    // A host of files names its pictures from where it lies itself.
    const whole = (address) => address && new URL(address, url);
    for (const item of items) {
      for (const picture of item._mpower.images ?? []) picture.url = whole(picture.url);
      item.image = whole(item.image);
      item.page = page;
    }
    // Only the query of `next_url` counts, if it has one: we stay on the host that this page may speak to.
    return [items.filter(fits), onward && new URL(new URL(onward, url).search || onward, url)];
  };
  // A host of files filters nothing.
  const fits = ({ language, tags, _mpower: more }) => {
    const has = { ...more, languages: [language, primary(language)], tag: tags };
    return !isStatic || FILTERS.every((name) => !given(name) || parted(given(name)).some((value) => [has[name]].flat().includes(value)));
  };

  /** The link to what comes next, or to the same once more; without script it leads to the page that shows it. */
  const offer = (url, text) => {
    next = url;
    if (!url) return leave(more, null, focus);
    more.href = `${url}`.replace("/stream.json", "/stream").replace(/\.json$/, ".html");
    more.search += `&ui=${now.language}`;
    more.textContent = text;
    // A node that is put where it is already would lose its focus.
    if (!more.isConnected) element.append(more);
  };

  /** The list in the place of what stood there until now. */
  const show = () => {
    say();
    for (const node of fallback.splice(0)) node.remove();
    if (!list.isConnected) status.before(list);
  };

  const fail = async (error, url, mine = turn) => {
    const words = await now.coming;
    if (mine !== turn) return;
    if (url) offer(url, words.retry);
    for (const node of fallback) node.ariaBusy = null;
    say(navigator.onLine ? words.failed : words.offline ?? words.failed);
    report("error", { message: `${error}`, detail: error.cause });
  };

  /** Loads from `url` until so many rows came; `isAgain` where they stood there before, so far down. */
  const load = async (url, wanted = 1, down) => {
    if (isBusy) return;
    const mine = turn;
    setBusy(true);
    say(now.words?.loading);
    try {
      const added = [];
      // A page may hold nothing but what is shown already: look further, but not for ever.
      let tries = 5;
      do {
        const [items, onward] = await read(url);
        await now.coming;
        // Rows that are laid out otherwise are not seen before they are.
        if (given("layout")) await extras;
        if (mine !== turn) return;
        const others = renew(list, items, makeRow, focus);
        if (!isAgain) show();
        for (const item of others) {
          const row = makeRow(item);
          list.append(row);
          added.push(row);
          // At first each is seen as soon as it is there, and a slow page hears its visitor between them. Later all come
          // at once, and are seen before the focus moves, for which the page is laid out.
          if (isAgain || (item === others.at(-1)) === !isLoaded) continue;
          await new Promise(setTimeout);
          if (mine !== turn) return;
        }
        url = onward;
      } while (url && added.length < Math.max(wanted, isStatic ? limit(10) : 0) && (isStatic || tries--));
      if (wanted > 1 && !isStatic) url?.searchParams.set("limit", limit(10));
      show();
      const words = now.words;
      offer(url, words.more);
      say(count(list)
        ? [plural(words, isAgain ? words.shown : isLoaded && words.loaded, added.length), !url && words.end].filter((one) => one).join(" ")
        : FILTERS.some(given) ? words.nothing_fits : words.empty);
      if (isLoaded && !isAgain) focus(added[0]);
      if (down) scrollTo(0, down);
      report(isLoaded ? "more" : "load", { added: added.length });
      if (isLoaded) remember?.();
      isLoaded = true;
      isAgain = false;
    } catch (error) {
      await fail(error, url, mine);
    }
    if (mine !== turn) return;
    setBusy(null);
    told?.();
  };

  onClick(element, (target, event) => {
    if (target === more && next) {
      event.preventDefault();
      clickedAt = event.timeStamp;
      load(next);
    } else if (event.timeStamp - clickedAt < DOUBLE_MS || (target.matches(".mpower-title a") &&
      !report("open", { id: target.closest(".mpower-row").dataset.id, url: target.href }))) event.preventDefault();
  });

  /** Once. Rows that a server has put inside are kept and used; anything else gives way to the first rows. */
  const build = () => {
    const find = (part) => element.querySelector(`.mpower-${part}`);
    isLoaded = find("rows");
    fallback = isLoaded ? [] : [...element.childNodes];
    list = isLoaded ?? newList();
    status = find("status") ?? make("p.status", { role: "status" });
    more = find("more") ?? make("a.more");
    if (!isLoaded) return element.append(list, status);
    next = more.dataset.next && now.address(more.dataset.next);
    report("load");
  };

  /** What is shown stays until as many rows of the other kind are there. */
  const swap = () => {
    isAgain = true;
    isLoaded = false;
    fallback.push(list);
    list = newList();
  };

  const start = () => {
    turn = {};
    isBusy = null;
    forget?.();
    let size = list && count(list), down;
    if (list) swap();
    else {
      build();
      [size = 0, down] = back?.() ?? [];
      size -= count(list);
      isAgain = size > 0;
    }
    const isMuch = size > (isLoaded ? 0 : limit(10));
    if (isMuch) next?.searchParams.set("limit", within(1, size, 100));
    if (!isLoaded || (next && isAgain)) load(next, isMuch ? size : 1, down);
  };

  // Handed over in lists: names in them can be made short in both files.
  const extend = ({ extrasOf }) => {
    [told, forget, remember, back] = extrasOf(element, given, [make, plural, rowsOf, leave, renew, count],
      [first, read, load, offer, say, focus, report, makeRow], [get, fail], () => [now, list, next, isLoaded, isBusy, isStatic]);
    told();
  };

  return async (wish) => {
    now = wish;
    // A stream whose extras cannot be had is a stream without them.
    if (element.matches("[live],[filters],[history],[layout^=c]")) extras ??= import("./widget-extras.js").then(extend).catch(() => {});
    if (given("history") != null) await extras;
    if (!element.isConnected) return told?.();
    let url;
    try {
      url = first();
    } catch {
      // Reading from nowhere fails, and that is told.
    }
    const wanted = [url, now.language, now.level, given("images")].join();
    if (wanted !== key) {
      key = wanted;
      next = url;
      start();
    }
    told?.();
  };
});
