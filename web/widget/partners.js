/*
<mpower-partners>: who is behind the stream.
*/

import { define, get, linked, make } from "./part.js";

define("partners", (strip) => async ({ address }) => {
  if (strip.querySelector("li")) return;
  const { partners } = await get(address("partners.json"));
  strip.replaceChildren(make("ul.links", { role: "list" }, partners.filter(({ listed }) => listed !== false).map(({ name, url, logo }) => make("li", 0,
    linked({ href: url }, logo ? make("img.logo", { src: address(logo), alt: name, loading: "lazy" }) : name)))));
});
