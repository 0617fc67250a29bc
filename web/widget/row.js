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
const linked = (url, text) => (/^https?:\/\//i.test(url) ? make("a", { href: url, rel: "noopener" }, text) : text);

// Without a title the heading is the beginning of the text, and the text goes on from there (as in web/rows.py).
const BEGINNING = /^.{15,90}?[.!?…](?=\s|$)|^.{1,80}(?=\s|$)|^.{1,80}/su;

/** The `li` of an item of /stream.json; the same as web/templates/row.html makes on the server. */
export const rowOf = (item, { words, language, names, tags, level, images, prefix }) => {
  const { id, image, _mpower: more } = item;
  const own = item.language;
  const mark = (code) => (code === "und" || primary(code) === language ? null : languageOf(primary(code), words));
  const translation = primary(own) === language ? null : more.translations?.[language];

  let heading = translation?.title || item.title;
  let headingIn = translation?.title ? language : own;
  let text = translation?.summary || item.summary || "";
  const textIn = translation?.summary ? language : own;
  if (!heading) {
    [heading, headingIn] = [BEGINNING.exec(text)?.[0], textIn];
    text = text.slice(heading?.length).trim();
  }
  if (!heading) [heading, headingIn] = [fill(words.untitled, { partner: names[more.partner] ?? more.partner }), language];

  const title = make(`h${level}`, { class: "mpower-title", id: prefix + id, lang: headingIn, dir: "auto" }, linked(item.url, heading));
  const meta = make("p", { class: "mpower-meta", lang: language },
    more.pinned && make("span", { class: "mpower-pinned" }, words.pinned),
    make("bdi", { class: "mpower-partner" }, names[more.partner] ?? more.partner),
    make("time", { datetime: item.date_published }, dateOf(item.date_published, words)),
    mark(own) && make("span", { class: "mpower-language" }, mark(own)),
    translation && make("span", { class: "mpower-translated" }, words.translated));
  const original = translation && make("details", { class: "mpower-original" },
    make("summary", { lang: language }, words.original),
    item.title && make("p", { lang: own, dir: "auto" }, item.title),
    item.summary && make("p", { lang: own, dir: "auto" }, item.summary));
  const also = more.also_on?.length && make("p", { class: "mpower-also", lang: language }, words.also,
    ...more.also_on.flatMap(({ partner, url, language: code }) => [
      " ", make("bdi", {}, linked(url, names[partner] ?? partner)), mark(code) && ` (${mark(code)})`,
    ]));
  const topics = item.tags?.length && make("p", { class: "mpower-tags", lang: language },
    ...item.tags.flatMap((tag) => [make("span", { class: "mpower-tag" }, tags[tag]?.[language] ?? tags[tag]?.en ?? tag), " "]));
  const picture = images && image && make("img", {
    class: "mpower-image", src: image, alt: more.image_alt ?? "", width: more.image_width, height: more.image_height,
    loading: "lazy", decoding: "async",
  });
  return make("li", { class: "mpower-row", "data-id": id, "data-kind": more.kind },
    make("article", { class: "mpower-item", "aria-labelledby": prefix + id, lang: own, dir: "auto" },
      make("div", { class: "mpower-body" },
        title, meta, text && make("p", { class: "mpower-summary", lang: textIn, dir: "auto" }, text), original, also, topics),
      picture));
};
