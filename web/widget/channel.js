/*
The live events of a host, told to the elements that want them: `look()` when something may be new, `drop(id)` when an
item was withdrawn. Knows no rows.
*/

const channels = {};

/** One connection a host for all its live elements (browsers allow six), and none while the page is hidden. */
export const channelOf = (url) => (channels[url] ??= open(url));

const open = (url) => {
  const members = new Set();
  let source, timer;
  // A burst of events is one look, and a thousand open pages do not all look in the same moment.
  const look = () => {
    timer ??= setTimeout(() => {
      timer = null;
      for (const member of members) member.look();
    }, 100 + 200 * Math.random());
  };
  const decide = () => {
    if (!members.size || document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource(url);
      // Once it stands, look: something may have happened before.
      source.onopen = look;
      source.addEventListener("item-published", look);
      source.addEventListener("item-withdrawn", ({ data }) => {
        for (const member of members) member.drop(JSON.parse(data).id);
        look();
      });
      source.onerror = () => {
        // A broken line the browser mends by itself, an answer like 503 it does not.
        if (source?.readyState !== 2) return;
        source = null;
        setTimeout(decide, 5000 + 5000 * Math.random());
      };
    }
  };
  document.addEventListener("visibilitychange", decide);
  return (member, isWanted) => {
    members[isWanted ? "add" : "delete"](member);
    decide();
  };
};
