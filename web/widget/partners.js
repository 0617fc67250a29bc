/*
<mpower-partners>: who is behind the stream.
*/

import { define, get, linked, listed, make } from "./part.js";

define("partners", (strip) => async ({ address }) => {
  if (strip.querySelector("li")) return;
  const { partners } = await get(address("partners.json"));
  strip.replaceChildren(listed(partners.filter(({ listed: isListed }) => isListed).map(({ name, url, logo }) =>
    linked({ href: url }, logo ? make("img.logo", { src: address(logo), alt: name, loading: "lazy" }) : name))) ?? "");
});
