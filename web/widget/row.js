/*
What a row of the stream is in the browser: the same as web/templates/row.html makes on the server. A browser test holds
the two together. Made of elements and text alone, so that nothing in an item can run. Knows no network.
*/

import { fill, linked, make, primary, web } from "./part.js";

// A date's words come with the others: a phone takes 0.2 s to make Intl's first formatter, and Chromium's knows no Basque.
const dayOf = (time) => time.slice(0, 10);
const dateOf = (time, { days }) => {
  const [year, month, day] = time.split(/\D0?/);
  return fill(days?.[month - 1], { year, day }) ?? dayOf(time);
};

// Without a title the heading is the beginning of the text, and the text goes on from there (as in web/rows.py).
const BEGINNING = /.{15,90}?[.!?…](?!\S)|.{1,80}(?!\S)|.{80}/su;

// When an event begins and ends, in UTC; a day alone where it lasts whole days (as in web/rows.py).
const timesOf = (starts, ends, words) => {
  if (!starts || !ends) return;
  if (/T00:00.*T00:00/.test(starts + ends)) {
    // An event of whole days is over when the next day begins.
    ends = dayOf(new Date(new Date(ends) - (ends > starts && 864e5)).toISOString());
    starts = dayOf(starts);
  }
  const show = (time, date) => make("time", { datetime: time }, date, date && time[10] && ", ", time[10] && `${time.slice(11, 16)} UTC`);
  return [show(starts, dateOf(starts, words)), ends !== starts && [" – ", show(ends, dayOf(ends) !== dayOf(starts) && dateOf(ends, words))]];
};

/** The `li` of an item of /stream.json; the same as web/templates/row.html makes on the server. */
export const rowOf = (item, { words, language, level }, prefix, hasImages) => {
  const { id, title, summary, language: own, image, page, _mpower: more } = item;
  const nameOf = (partner) => page.partners[partner] ?? partner;
  const foreign = (code) => code !== "und" && primary(code) !== language && primary(code);
  const translation = primary(own) !== language && more.translations[language];
  const warning = more.warning || (more.sensitive && words.sensitive);
  // Words with their language, the first that there are.
  const chosen = (...pairs) => pairs.find(([text]) => text) ?? [""];

  const warned = [warning, more.warning ? own : language];
  let [text, textIn] = chosen([translation?.summary, language], [summary, own]);
  let [heading, headingIn] = chosen([translation?.title, language], [title, own], warned);
  if (!heading) {
    const beginning = BEGINNING.exec(text)?.[0];
    text = text.slice(beginning?.length).trim();
    [heading, headingIn] = chosen([beginning, textIn], [fill(words.untitled, { partner: nameOf(more.partner) }), language]);
  }

  const seen = make("p.summary", textIn, text);
  const { quote, card } = warning ? {} : more;
  const times = timesOf(more.starts_at, more.ends_at, words);
  const also = more.also_on.map(({ partner, url, language: code }, n) => {
    const said = foreign(code) && (page.languages[foreign(code)] ?? foreign(code));
    const where = said ? make("span", { lang: code }, said) : partner === more.partner && web(url) && url.split(/[/?:]+/)[1].replace("www.", "");
    return [n ? " · " : " ", make("bdi", 0, linked({ href: url, hreflang: said ? code : null }, nameOf(partner), where && [" (", where, ")"]))];
  });
  let picture = hasImages && image && !warning && make("img.image", {
    src: image, srcset: more.images?.[0] && more.images.map(({ url, width }) => `${url} ${width}w`), alt: more.image_alt || "",
    width: more.image_width, height: more.image_height, "data-colour": more.image_colour, loading: "lazy",
    sizes: more.images?.[0] && "auto, 24rem",
  });
  if (more.kind === "video") picture &&= make("div.video", language, picture, make("span.play", 0, words.play));
  return make("li.row", {
    "data-id": id, "data-story": more.story, "data-also": more.also_on.map(({ item }) => item).join(" ") || null, "data-kind": more.kind,
  }, make("article.item", { "aria-labelledby": prefix + id, lang: own, dir: "auto" }, make("div.body", 0,
    make(`h${level}.title`, { id: prefix + id, lang: headingIn, dir: "auto" }, linked({ href: item.url }, heading)),
    make("p.meta", language,
      make("span.pinned", 0, more.pinned && words.pinned),
      make("bdi.partner", 0, nameOf(more.partner)),
      make("time", { datetime: item.date_published }, dateOf(item.date_published, words)),
      make("span.language", 0, words.known?.[foreign(own)] || foreign(own)),
      make("span.shared", 0, more.boosted_by && fill(words.shared_by, more.boosted_by)),
      make("span.translated", 0, translation && words.translated)),
    make("p.when", language, times, times && more.place && " · ", make("bdi.place", { lang: own }, more.place)),
    warning && seen ? make("details.warning", 0, make("summary", warned[1], warning), seen) : seen,
    quote?.text && web(quote.url) && make("blockquote.quote", { cite: quote.url, dir: "auto" },
      linked({ href: quote.url }, quote.author?.name ?? quote.url), " ", quote.text),
    card && web(card.url) && make("p.card", { dir: "auto" }, linked({ href: card.url }, card.title || card.url)),
    translation && make("details.original", 0, make("summary", language, words.original), make("p", own, title), make("p", own, summary)),
    also[0] && make("p.also", { lang: language, dir: "auto", role: "group", "aria-label": words.also }, words.also, also),
    make("p.tags", language, "", ...item.tags.map((tag) => [make("span.tag", 0, page.tags[tag]?.[language] ?? page.tags[tag]?.en ?? tag), " "]))),
  picture));
};
