// The parts of a card: finding them, copying their patterns, setting their text.

const list = document.getElementById("cards");
export const names = list ? JSON.parse(list.dataset.names) : null;

export const part = (node, name) => node.querySelector(`[data-part="${name}"]`);
export const pattern = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
export const named = (kind, id) => names[kind][id] ?? id;

export function say(node, name, words) {
  const place = part(node, name);
  place.textContent = words;
  return place;
}

export function show(node, condition) {
  node.hidden = !condition;
}

export function link(anchor, url) {
  const isWeb = /^https?:\/\//i.test(url ?? "");
  anchor.hidden = !isWeb;
  if (isWeb) anchor.href = url;
  else anchor.removeAttribute("href");
}

/** The id of the item that a link of a story leads to. */
export const itemOf = (anchor) => anchor.pathname.split("/").at(-1);
