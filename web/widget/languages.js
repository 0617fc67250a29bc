/*
<mpower-languages>: the translate bar. It speaks to the page's mpower elements and leaves the page itself alone.
*/

import { define, listed, make, onClick, parted, tell } from "./part.js";

define("languages", (bar, given) => {
  onClick(bar, (link, event) => {
    const code = link.hreflang;
    if (!code) return;
    event.preventDefault();
    if (!tell(bar, "change", { language: code })) return;
    for (const element of document.querySelectorAll("mpower-stream,mpower-languages,mpower-partners,mpower-call")) element.lang = code;
  });
  let latest;
  return async ({ language, coming }) => {
    const words = await (latest = coming);
    if (latest !== coming) return;
    if (!bar.querySelector("a")) {
      bar.replaceChildren(make("nav", 0, listed(parted(given("languages") || "eu hr fr de es en").map((code) =>
        make("a", { href: `?lang=${code}`, hreflang: code, lang: code }, words.names?.[code] ?? code)))));
    }
    for (const link of bar.querySelectorAll("a")) link.ariaCurrent = link.hreflang === language || null;
    // Links without a nav of theirs are a list that needs no name.
    const nav = bar.querySelector("nav");
    if (nav && words.names) nav.ariaLabel = words.filter_languages;
  };
});
