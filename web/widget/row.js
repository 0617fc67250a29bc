/*
What a row of the stream is in the browser: the same as web/templates/row.html makes on the server. A browser test holds
the two together. Made of elements and text alone, so that nothing in an item can run. Knows no network.
*/

export const primary = (language) => (language || "").split("-")[0].toLowerCase();
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const plural = ({ locale }, forms, n) => fill(forms[new Intl.PluralRules(locale).select(n)] ?? forms.other, { n });

// `intl` stands where a browser may lack the language: Chromium's Intl knows no Basque.
const dateOf = (time, { locale, intl }) => {
  const day = new Date(time);
  if (!intl) return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(day);
  return fill(intl.date, { year: day.getUTCFullYear(), month: intl.months[day.getUTCMonth()], day: day.getUTCDate() });
};
const languageOf = (code, { locale, intl }) =>
  intl?.languages[code] ?? new Intl.DisplayNames(locale, { type: "language" }).of(code);

/** An element. Attributes that are null or undefined and children that are empty are left out. */
export const make = (tag, attributes, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children.filter(Boolean));
  return node;
};
const web = (url) => /^https?:\/\//i.test(url);
const linked = (url, ...words) => (web(url) ? make("a", { href: url, rel: "noopener" }, ...words) : words.at(-1));

// Where else a story stands: its language is named by itself, and places of the same partner by their host.
const HOST = /^https?:\/\/(?:www\.)?([a-z0-9.:-]+)/i;
const elsewhere = ({ partner, url, language: code }, of, { language, names, spoken }) => {
  const said = code === "und" || primary(code) === language ? null : spoken[primary(code)] ?? primary(code);
  const host = !said && partner === of && HOST.exec(url)?.[1];
  const words = [names[partner] ?? partner, said && " (", said && make("span", { lang: code }, said), said && ")", host && ` (${host})`];
  return make("bdi", {}, ...(web(url) ? [make("a", { href: url, rel: "noopener", hreflang: said && code }, ...words)] : words));
};

// Without a title the heading is the beginning of the text, and the text goes on from there (as in web/rows.py).
const BEGINNING = /^.{15,90}?[.!?…](?=\s|$)|^.{1,80}(?=\s|$)|^.{1,80}/su;

// When an event begins and ends, in UTC; a day alone where it lasts whole days (as in web/rows.py).
const midnight = (time) => time.slice(11, 16) === "00:00";
const momentOf = (time, words) => [time, `${dateOf(time, words)}, ${time.slice(11, 16)} UTC`];
const timesOf = ({ starts_at: starts, ends_at: ends }, words) => {
  if (!starts || !ends) return [];
  if (midnight(starts) && midnight(ends)) {
    const last = new Date(Math.max(Date.parse(ends) - 864e5, Date.parse(starts))).toISOString();
    return [...new Set([starts, last].map((time) => time.slice(0, 10)))].map((day) => [day, dateOf(day, words)]);
  }
  if (starts === ends) return [momentOf(starts, words)];
  const [, end] = momentOf(ends, words);
  return [momentOf(starts, words), [ends, starts.slice(0, 10) === ends.slice(0, 10) ? end.slice(-9) : end]];
};

// A picture in several widths. Where a browser knows "auto", it takes the one that fits the place; else as most layouts have it.
const srcset = (images = []) => images.length > 1 && {
  sizes: "auto, (min-width: 40rem) 18rem, 100vw", srcset: images.map(({ url, width }) => `${url} ${width}w`).join(", "),
};

/** The `li` of an item of /stream.json; the same as web/templates/row.html makes on the server. */
export const rowOf = (item, now) => {
  const { words, language, names, tags, level, images, prefix } = now;
  const { id, image, _mpower: more } = item;
  const own = item.language;
  const mark = (code) => (code === "und" || primary(code) === language ? null : languageOf(primary(code), words));
  const translation = primary(own) === language ? null : more.translations?.[language];

  let heading = translation?.title || item.title;
  let headingIn = translation?.title ? language : own;
  let text = translation?.summary || item.summary || "";
  const textIn = translation?.summary ? language : own;
  const warning = more.warning || (more.sensitive && words.sensitive);
  const warningIn = more.warning ? own : language;
  if (!heading && warning) [heading, headingIn] = [warning, warningIn];
  if (!heading) {
    [heading, headingIn] = [BEGINNING.exec(text)?.[0], textIn];
    text = text.slice(heading?.length).trim();
  }
  if (!heading) [heading, headingIn] = [fill(words.untitled, { partner: names[more.partner] ?? more.partner }), language];

  const play = more.kind === "video" && make("span", { class: "mpower-play", lang: language, dir: "auto" }, words.play);
  const title = make(`h${level}`, { class: "mpower-title", id: prefix + id, lang: headingIn, dir: "auto" }, linked(item.url, play, play && " ", heading));
  const meta = make("p", { class: "mpower-meta", lang: language },
    more.pinned && make("span", { class: "mpower-pinned" }, words.pinned),
    make("bdi", { class: "mpower-partner" }, names[more.partner] ?? more.partner),
    make("time", { datetime: item.date_published }, dateOf(item.date_published, words)),
    mark(own) && make("span", { class: "mpower-language" }, mark(own)),
    more.boosted_by && make("span", { class: "mpower-shared" }, fill(words.shared_by, more.boosted_by)),
    translation && make("span", { class: "mpower-translated" }, words.translated));
  const original = translation && make("details", { class: "mpower-original" },
    make("summary", { lang: language }, words.original),
    item.title && make("p", { lang: own, dir: "auto" }, item.title),
    item.summary && make("p", { lang: own, dir: "auto" }, item.summary));
  const label = `${prefix}also-${id}`;
  const also = more.also_on?.length && make("p", { class: "mpower-also", lang: language, role: "group", "aria-labelledby": label },
    make("span", { id: label }, words.also),
    ...more.also_on.flatMap((other, n) => [n ? " · " : " ", elsewhere(other, more.partner, now)]));
  const times = timesOf(more, words);
  const when = (times.length || more.place) && make("p", { class: "mpower-when", lang: language },
    ...times.flatMap(([at, said], n) => [n && " – ", make("time", { datetime: at }, said)]),
    more.place && " ", more.place && make("bdi", { class: "mpower-place", lang: own }, more.place));
  let summary = text && make("p", { class: "mpower-summary", lang: textIn, dir: "auto" }, text);
  if (summary && warning) {
    summary = make("details", { class: "mpower-warning" }, make("summary", { lang: warningIn, dir: "auto" }, warning), summary);
  }
  const quote = !warning && more.quote?.text && web(more.quote.url) && make("blockquote", { class: "mpower-quote", cite: more.quote.url, dir: "auto" },
    linked(more.quote.url, more.quote.author?.name ?? more.quote.url), " ", more.quote.text);
  const card = !warning && more.card && web(more.card.url) && make("p", { class: "mpower-card", dir: "auto" },
    linked(more.card.url, more.card.title || more.card.url));
  const topics = item.tags?.length && make("p", { class: "mpower-tags", lang: language },
    ...item.tags.flatMap((tag) => [make("span", { class: "mpower-tag" }, tags[tag]?.[language] ?? tags[tag]?.en ?? tag), " "]));
  const picture = images && image && !warning && make("img", {
    class: "mpower-image", loading: "lazy", decoding: "async", alt: more.image_alt ?? "", width: more.image_width, height: more.image_height,
    "data-colour": more.image_colour, ...srcset(more.images), src: image,
  });
  const { story, kind, also_on: others } = more;
  const ids = others?.map(({ item: other }) => other).join(" ") || null;
  return make("li", { class: "mpower-row", "data-id": id, "data-story": story, "data-also": ids, "data-kind": kind },
    make("article", { class: "mpower-item", "aria-labelledby": prefix + id, lang: own, dir: "auto" },
      make("div", { class: "mpower-body" },
        title, meta, when, summary, quote, card, original, also, topics),
      picture));
};
