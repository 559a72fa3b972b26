// Gives a web page the players' storage of tt., qq. and wx., kept by the sandbox it is loaded from:
//
//   <script src="http://127.0.0.1:8787/_sandbox/mini.js?openid=AB"></script>
//
// Without an openid the page gets a new player, whom it keeps until it is left.
(function () {
  "use strict";

  const source = new URL(document.currentScript.src);
  const openid = source.searchParams.get("openid") || newOpenid();
  const GIVE_UP_MS = 10000;

  // Whose fault an errorCode is: the developer's, the user's network, else the framework's.
  const TYPES = { 999998: "D", 999999: "D", 999987: "D", 999985: "U" };

  // What a failure has besides its errMsg. The pages of qq and wx say errCode for any call.
  const FIELDS = {
    tt: (code) => ({ errorCode: code, errorType: TYPES[code] || "F" }),
    qq: (code) => ({ errCode: code }),
    wx: (code) => ({ errCode: code }),
  };

  function newOpenid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
  }

  function failure(errorCode, detail) {
    return { errorCode: errorCode, detail: detail };
  }

  // Sent as plain text, as a form is: a browser then asks no permission first (no preflight).
  async function send(path, body) {
    let status, text;
    try {
      const reply = await fetch(new URL(path, source), {
        method: "POST",
        body: body,
        credentials: "omit",
        signal: AbortSignal.timeout(GIVE_UP_MS),
      });
      status = reply.status;
      text = await reply.text();
    } catch {
      return failure(999985, "network unavailable");
    }
    if (status !== 200) return failure(999991, "internal error: HTTP status " + status);
    return read(text);
  }

  function read(text) {
    try {
      const answer = JSON.parse(text);
      if (Number.isInteger(answer.errorCode)) return answer;
    } catch {
      // Said below: no JSON and JSON of another form are the same to the page.
    }
    return failure(108001, "response json has error");
  }

  function write(parameters) {
    try {
      return JSON.stringify(parameters);
    } catch {
      return null; // a circle, or a number that JSON has no word for
    }
  }

  function define(family, name, given, returned) {
    return function (options) {
      options = options || {};
      const parameters = { openid: openid };
      if (given) parameters[given] = options[given];
      const body = write(parameters); // now: the page may change its list after the call
      const answered =
        body === null
          ? Promise.resolve(failure(999999, given + " cannot be written as JSON"))
          : send("/_sandbox/" + family + "/" + name, body);
      answered.then((answer) => finish(family, options, name, returned, answer));
    };
  }

  function finish(family, options, name, returned, answer) {
    const good = answer.errorCode === 0;
    const result = { errMsg: name + (good ? ":ok" : ":fail " + answer.detail) };
    if (!good) {
      Object.assign(result, FIELDS[family](answer.errorCode));
    } else if (returned) {
      result[returned] = answer[returned];
    }
    const outcome = good ? options.success : options.fail;
    try {
      if (typeof outcome === "function") outcome(result);
    } finally {
      if (typeof options.complete === "function") options.complete(result);
    }
  }

  for (const family of ["tt", "qq", "wx"]) {
    window[family] = {
      login: define(family, "login", null, "code"),
      setUserCloudStorage: define(family, "setUserCloudStorage", "KVDataList", null),
      getUserCloudStorage: define(family, "getUserCloudStorage", "keyList", "KVDataList"),
      removeUserCloudStorage: define(family, "removeUserCloudStorage", "keyList", null),
    };
  }
})();
