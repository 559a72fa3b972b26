// Everything that the pages say by themselves, in English and Chinese. What a failed call says comes
// from the server, in the language that the page asks for.

const TEXTS = {
  en: {
    other: "中文",
    title: "Catch the stars",
    play: "Play",
    wish: "I would like a gift",
    stars: "Stars",
    best: "Best",
    onPlatform: "On the platform",
    again: "Try again",
    hint: "Click as many stars as you can before the time is up.",
    stored: "Your best score is in the ranking.",
    wished: "Your friends can see that you would like a gift.",
    notWished: "Your friends no longer see a wish.",
    noClient: "Open the game in the QQ app, or start it with “make”: there is no player here.",
    silent: "The platform does not answer.",
    offline: "There is no connection to the game's server.",
    hall: "Star shop",
    level: "Dawanka level",
    discount: "Bonus",
    usesLeft: "Bonuses left",
    unlimited: "unlimited",
    gems: "Gems",
    buy: "Buy 60 gems",
    bought: "The gems are yours.",
    noBonus: "There is no bonus left.",
    hallHint: "The game hall opens this page with your openid and openkey.",
  },
  zh: {
    other: "English",
    title: "摘星星",
    play: "开始",
    wish: "我想要礼物",
    stars: "本局",
    best: "最高分",
    onPlatform: "平台上的分数",
    again: "重试",
    hint: "倒计时结束前，点中尽可能多的星星。",
    stored: "最高分已写入排行榜。",
    wished: "好友可以看到你想要礼物了。",
    notWished: "好友不再看到你的心愿。",
    noClient: "请在 QQ 中打开游戏，或用 make 启动：这里没有登录的玩家。",
    silent: "平台没有响应。",
    offline: "无法连接游戏服务器。",
    hall: "星星商店",
    level: "大玩咖等级",
    discount: "返利",
    usesLeft: "剩余次数",
    unlimited: "不限",
    gems: "宝石",
    buy: "购买 60 宝石",
    bought: "宝石已到账。",
    noBonus: "返利次数已用完。",
    hallHint: "游戏大厅会带上 openid 和 openkey 打开本页。",
  },
};

const asked = new URLSearchParams(location.search).get("lang") || navigator.language;
let language = asked.startsWith("zh") ? "zh" : "en";

export function spoken() {
  return language;
}

export function text(name) {
  return TEXTS[language][name];
}

// Writes the texts into the page, and again when the player changes the language.
export function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text);
  }
  const button = document.getElementById("language");
  button.textContent = text("other");
  button.lang = language === "zh" ? "en" : "zh";
  button.onclick = () => {
    language = button.lang;
    translate();
  };
}
