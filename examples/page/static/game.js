// Catch the stars: log in, play a round, post the score.
//
// On the platform's app, qq, tt or wx is there. In an ordinary browser the sandbox's mini.js plays it.

import { attempt, Failure, post, say } from "./api.js";
import { text, translate } from "./texts.js";

const STAR_MS = 320; // a new star appears
const STAY_MS = 1400; // and stays for so long

const client = window[document.body.dataset.client];
const element = (id) => document.getElementById(id);
const show = (id, value) => (element(id).textContent = value);

let token = null; // in memory only: it logs the player in

// The calls of the platform's app take callbacks. They fail if the app is offline.
function ask(name, options) {
  return new Promise((success, refuse) => {
    const fail = () => refuse(new Failure({ message: text("silent"), retry: true }));
    client[name]({ ...options, success, fail });
  });
}

async function logIn() {
  const { code } = await ask("login");
  const answer = await post("/api/login", { code });
  token = answer.token;
  showBest(answer.best);
}

// Makes a call as the player. If the login is no longer valid, logs in again and repeats it once.
async function call(path, body) {
  try {
    return await post(path, body, token);
  } catch (failure) {
    if (!(failure instanceof Failure && failure.answer.log_in)) throw failure;
  }
  await logIn();
  return post(path, body, token);
}

function showBest(best) {
  show("best", best === null ? "–" : best);
}

// What friends' rankings read: as stored on the platform, not as our server believes.
async function showStored() {
  const { KVDataList } = await ask("getUserCloudStorage", { keyList: ["rank"] });
  if (KVDataList.length === 0) return;
  const [ranking] = Object.values(JSON.parse(KVDataList[0].value));
  show("on-platform", ranking.score);
}

async function play() {
  const { round, seconds } = await call("/api/round", {});
  const stars = await catchStars(seconds);
  // A round is known to the server by what it signed, so a failed post can be repeated as it is.
  await attempt(() => send(round, stars));
}

async function send(round, stars) {
  const { best } = await call("/api/score", { round, stars });
  showBest(best);
  await showStored();
  say(text("stored"));
}

// Lets stars appear until the time is up; returns how many were caught.
function catchStars(seconds) {
  const sky = element("sky");
  const ends = performance.now() + seconds * 1000;
  let caught = 0;
  show("stars", caught);

  function appear() {
    const star = document.createElement("button");
    star.className = "star";
    star.textContent = "★";
    star.style.left = `${4 + 84 * Math.random()}%`;
    star.style.top = `${4 + 78 * Math.random()}%`;
    star.onclick = () => {
      star.remove();
      show("stars", ++caught);
    };
    sky.append(star);
    setTimeout(() => star.remove(), STAY_MS);
  }

  return new Promise((done) => {
    appear();
    const appearing = setInterval(appear, STAR_MS);
    const counting = setInterval(() => {
      const left = ends - performance.now();
      show("countdown", Math.max(0, Math.ceil(left / 1000)));
      if (left > 0) return;
      clearInterval(appearing);
      clearInterval(counting);
      show("countdown", "");
      for (const star of sky.querySelectorAll(".star")) star.remove();
      done(caught);
    }, 100);
  });
}

async function wish() {
  const on = element("wish").getAttribute("aria-pressed") !== "true";
  await call("/api/wish", { on });
  element("wish").setAttribute("aria-pressed", on);
  say(text(on ? "wished" : "notWished"));
}

// While an action runs, its buttons cannot start another one.
async function busy(action) {
  const buttons = [element("play"), element("wish")];
  for (const button of buttons) button.disabled = true;
  await attempt(action);
  for (const button of buttons) button.disabled = token === null;
}

async function start() {
  await logIn();
  element("play").disabled = element("wish").disabled = false;
  await showStored();
}

translate();
element("play").onclick = () => busy(play);
element("wish").onclick = () => busy(wish);
if (client) {
  attempt(start);
} else {
  say(text("noClient"));
}
