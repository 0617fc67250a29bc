/*
<mpower-call>: what people are asked to take part in, while it is open.
*/

import { define, get, linked, make } from "./part.js";

define("call", (element, given) => {
  let shown;
  return async ({ address, language, level }) => {
    const wanted = [given("call"), language, level].join();
    // What a server has put inside speaks the page's language already.
    if (!shown && element.querySelector("a")) shown = wanted;
    if (shown === wanted) return;
    shown = wanted;
    const { calls } = await get(address("calls.json"));
    const call = calls.find(({ id, until }) => (given("call") ?? id) === id && !(new Date(until) < new Date()));
    if (shown !== wanted) return;
    const said = (name, words, id) => {
      const code = [language, "en", ...Object.keys(words)].find((code) => words[code]);
      return make(name, { lang: code, dir: "auto", id }, words[code]);
    };
    const label = `mpower-call-${call?.id}`;
    element.replaceChildren(call ? make("section.call", { "aria-labelledby": label }, said(`h${level}.title`, call.title, label),
      said("p.summary", call.text), linked({ href: call.url }, said("span.button", call.button))) : "");
  };
});
