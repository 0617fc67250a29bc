/*
<mpower-call>: what people are asked to take part in, while it is open.
*/

import { define, linked, make, once } from "./part.js";

define("call", (element, given) => {
  let shown;
  return async ({ address, language, level }) => {
    const wanted = [given("call"), language, level].join();
    // What a server has put inside speaks the page's language already.
    shown ??= element.querySelector("a") && wanted;
    if (shown === wanted) return;
    shown = wanted;
    const { calls } = await once(address("calls.json"));
    const call = calls.find(({ id, until }) => [null, id].includes(given("call")) && !(until < new Date().toISOString()));
    const said = (name, words) => {
      const code = [language, "en", ...Object.keys(words)].find((code) => words[code]);
      return make(name, code, words[code]);
    };
    const title = call && said(`h${level}.title`, call.title);
    element.replaceChildren(call ? make("section.call", { "aria-label": title.textContent }, title,
      said("p.summary", call.text), linked({ href: call.url }, said("span.button", call.button))) : "");
  };
});
