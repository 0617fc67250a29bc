/*
What only some streams use: `live`, `filters`, `history` and the style of other layouts than the list. Served as a file of
its own, which a stream with one of these attributes asks for. It imports nothing of the first file, whose address only the
page knows: what it needs it is given.
*/

import { filtersOf } from "./filters.js";
import { liveOf } from "./live.js";

// Filled in where the served file is made: extras.css.
const STYLE = "";
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
document.adoptedStyleSheets.push(sheet);

/** `told()` when the stream has changed, `forget()` when it starts anew, `remember()` how far it is shown, `back()`. */
export const extrasOf = (element, given, parts, deeds, [get, fail], state) => {
  const [make, , , , , count] = parts;
  const [settle, forget] = liveOf(element, given, parts, deeds, state);

  /** For the way back: how many rows in the address, how far down in the history's entry. */
  const name = () => given("history") || "mpower";
  const remember = (scrolled) => {
    if (given("history") == null) return;
    const url = new URL(location);
    if (!scrolled) url.searchParams.set(name(), count(state()[1]));
    history.replaceState({ ...history.state, [name()]: scrollY }, "", url);
  };
  // When a page is left it is too late to write.
  addEventListener("scrollend", remember);
  const back = () => given("history") == null ? [] : [new URLSearchParams(location.search).get(name()), history.state?.[name()]];

  let filters;
  const told = () => {
    const [now, list] = state();
    if (!list) return;
    settle();
    if (given("filters") == null || filters?.lang === now.language) return;
    filters?.remove();
    filters = filtersOf(element, now, fail, make, get);
    element.prepend(filters);
  };
  return [told, forget, remember, back];
};
