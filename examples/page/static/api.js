// Calls to the game's own server, and what to do when one fails: docs/responses.rst.

import { spoken, text } from "./texts.js";

export class Failure extends Error {
  constructor(answer) {
    super(answer.message);
    this.answer = answer;
  }
}

const OFFLINE = { error: "offline", log_in: false, retry: true };

// Sends an object and returns the object that the server answers with, or throws a Failure.
export async function post(path, body, token) {
  // A mini game has no cookies. With a header that only this script adds, no other site can make
  // calls in the player's name, so the server needs no CSRF token.
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  headers["Accept-Language"] = spoken();
  if (token) headers.Authorization = "Bearer " + token;
  const request = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" };
  let reply, answer;
  try {
    reply = await fetch(path, request);
    answer = await reply.json();
  } catch {
    // No server, or a proxy that answers in its place.
    throw new Failure({ ...OFFLINE, message: text("offline") });
  }
  if (!reply.ok) throw new Failure(answer);
  return answer;
}

export function say(message) {
  document.getElementById("message").textContent = message;
}

// Runs one action of the player. A failure is shown; one that may pass gets a button to repeat it.
// Only "retry" says that a repeat is safe: a purchase whose outcome is unknown must not be repeated.
export async function attempt(action) {
  const again = document.getElementById("again");
  again.hidden = true;
  say("");
  try {
    await action();
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    say(failure.answer.message);
    again.hidden = !failure.answer.retry;
    again.onclick = () => attempt(action);
  }
}
