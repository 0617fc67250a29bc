// Asks the server, and says to people what came of it.

const list = document.getElementById("cards");
const API = "/curation/api/items";

export const itemUrl = (id) => `${API}/${encodeURIComponent(id)}`;

class Refusal extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

/** A JSON answer. Throws a Refusal whose message is for people. */
export async function ask(url, body, method = body ? "POST" : "GET") {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: body ? { "Content-Type": "application/json", "X-CSRF-Token": list.dataset.csrf } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new Refusal(0, "The server cannot be reached.");
  }
  if (response.ok) return response.json();
  if (response.status === 401) {
    throw new Refusal(401, "Your session has ended. Load the page again to sign in.");
  }
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(response.status, problem.detail ?? `The server answered ${response.status}.`);
}

const status = document.getElementById("status");
const toast = document.getElementById("toast");
let toastTimer;

/** Tell whoever listens to the page. */
export function announce(words) {
  status.textContent = words;
}

/** Tell everyone what went wrong. */
export function complain(words) {
  toast.textContent = words;
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (toast.hidden = true), 8000);
}
