// The page that the game hall opens: the player's Dawanka level, and a purchase with its bonus.

import { attempt, post, say } from "./api.js";
import { spoken, text, translate } from "./texts.js";

// As the hall handed it over; the server passes it on unchanged.
const query = Object.fromEntries(new URLSearchParams(location.search));
const element = (id) => document.getElementById(id);
const show = (id, value) => (element(id).textContent = value);

let offer = null;

async function open() {
  const answer = await post("/api/hall", query);
  offer = answer.offer;
  show("level", spoken() === "zh" ? answer.level_name : answer.level);
  show("discount", `${answer.discount} %`);
  showAccount(answer);
  element("buy").disabled = offer === null;
  if (offer === null) say(text("noBonus"));
}

function showAccount({ uses_left, gems }) {
  show("uses-left", uses_left === null ? text("unlimited") : uses_left);
  show("gems", gems);
}

// The offer carries the order id. Sent again, by a double click or after a lost reply, it is the
// same order, and counts once.
async function buy() {
  element("buy").disabled = true;
  const answer = await post("/api/hall/buy", { ...query, offer });
  await open();
  say(text(answer.granted ? "bought" : "noBonus"));
}

translate();
element("buy").onclick = () => attempt(buy);
attempt(open);
