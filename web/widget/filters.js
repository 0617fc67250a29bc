/*
A visitor's choice of language, topic and partner. What can be chosen is asked for when somebody wants to choose.
*/

/** A box that sets the attributes of `element`, in the words of `now`. `fail` tells what cannot be asked for. */
export const filtersOf = (element, { language, coming, address }, fail, make, get) => {
  const name = make("summary");
  const box = make("details.filters", language, name);
  coming.then(({ filter }) => name.append(filter));
  box.onchange = ({ target }) => element.setAttribute(target.name, target.value);
  box.ontoggle = async () => {
    if (box.lastChild !== name) return;
    const form = make("form");
    box.append(form);
    try {
      const [words, { tags, languages }, { partners }] = await Promise.all(
        [coming, get(address("tags.json")), get(address("partners.json"))]);
      const options = {
        languages: Object.entries(languages).map(([id, count]) => ({ id, count, name: words.known?.[id] ?? id })),
        tag: tags.map(({ id, label, count }) => ({ id, count, name: label[language] ?? label.en })),
        partner: partners,
      };
      for (const attribute in options) {
        const node = make("select", { name: attribute }, make("option", { value: "" }, words.any),
          options[attribute].map(({ id, name, count }) => count && make("option", { value: id }, `${name} (${count.toLocaleString(words.locale)})`)));
        node.value = element.getAttribute(attribute) ?? "";
        form.append(make("label", 0, words[`filter_${attribute}`], node));
      }
    } catch (error) {
      form.remove();
      box.open = false;
      fail(error);
    }
  };
  return box;
};
