// The light board: asks for the page's content every few seconds, has calls spoken, and shows when the
// line is lost; a paired one tells which calls it showed and spoke. ES5 with XMLHttpRequest, for TVs of
// ten years ago; display/light.py draws.
(function () {
  "use strict";

  var POLL_MS = 5000;
  var ANSWER_MS = 8000;
  var LOST_MS = 15000;
  var NEW_MS = 12000;
  var SWAP_MS = 12000;
  var SHIFT_MS = 600000;
  var SHIFTS = 5;
  var REPORT_MS = 60000;
  var FORBIDDEN = 403;

  var root = document.getElementById("board");
  var content = document.getElementById("content");
  var button = document.getElementById("sound");
  var told = root.getAttribute("data-announced-name");
  var offset = Number(root.getAttribute("data-offset")) * 60000;
  var colon = root.getAttribute("data-colon");
  var voice = window.LightVoice(root.getAttribute("data-clips"), {
    state: function (state) {
      button.hidden = state !== "blocked";
    },
    spoken: function (seq) {
      owe([seq], true);
    }
  });

  var drawn = content.innerHTML;
  var ahead = Number(root.getAttribute("data-now")) - Date.now(); // server time less the TV's clock
  var opened = Date.now();
  var heard = opened;
  var announced = remembered();
  var past = announced; // the calls up to this one are not this page's to announce
  var seen = {}; // those after it that were on the screen, by seq
  var newUntil = 0;
  var asking = null;
  var asked = 0;

  var token = root.getAttribute("data-token"); // of a paired screen
  var owed = []; // receipts that the server has not taken yet
  var paid = 0; // when the receipt on its way was sent; 0: none is
  var reported = { sound: "", at: 0 };
  var isRefused = false;

  function setClass(node, name, isOn) {
    var names = (" " + node.className + " ").replace(" " + name + " ", " ");
    node.className = (names + (isOn ? name : "")).replace(/^\s+|\s+$/g, "");
  }

  function two(number) {
    return (number < 10 ? "0" : "") + number;
  }

  function clock(moment) {
    var wall = new Date(moment + offset);
    return two(wall.getUTCHours()) + colon + two(wall.getUTCMinutes());
  }

  function write(id, text) {
    var node = document.getElementById(id);
    if (node && node.textContent !== text) node.textContent = text;
  }

  // ── Calls ──

  function remembered() {
    try {
      var kept = localStorage.getItem(told);
      return kept === null ? null : Number(kept);
    } catch (error) {
      return null;
    }
  }

  function remember(seq) {
    announced = seq;
    try {
      localStorage.setItem(told, String(seq));
    } catch (error) {
      // kept in the page alone
    }
  }

  // A first start does not replay the past; a number that fell is another database.
  function announce(now) {
    var board = document.getElementById("picture");
    var newest = Number(board.getAttribute("data-newest"));
    var seq = Number(board.getAttribute("data-seq"));
    if (announced === null || announced > seq) {
      remember(newest);
      past = newest;
      seen = {};
      owed = [];
    }
    var volume = Number(board.getAttribute("data-volume")) / 100;
    voice.keep(numbers(board.getAttribute("data-open")), volume);
    var calls = unseen(numbers(board.getAttribute("data-shown")));
    if (!calls.length) return;
    remember(Math.max(newest, announced));
    newUntil = now + NEW_MS;
    write("said", board.getAttribute("data-said"));
    owe(calls, false);
    if (volume) speak(calls, volume, board);
  }

  function numbers(list) {
    return list ? list.split(" ").map(Number) : [];
  }

  function unseen(shown) {
    return shown.filter(function (seq) {
      var isNew = seq > past && !seen[seq];
      seen[seq] = true;
      return isNew;
    });
  }

  // The oldest first.
  function speak(calls, volume, board) {
    var speech = JSON.parse(board.getAttribute("data-speech"));
    var repeats = Number(board.getAttribute("data-repeats"));
    calls.slice().reverse().forEach(function (seq) {
      voice.say(seq, ["chime"].concat(speech[seq]), volume, repeats);
    });
  }

  // ── What a paired screen tells ──

  function owe(calls, isSpoken) {
    for (var i = 0; token && i < calls.length; i += 1) {
      owed.push({ seq: calls[i], shown: true, spoken: isSpoken });
    }
    pay();
  }

  // One after the other; what does not arrive waits for the next answer of the server.
  function pay() {
    if (!owed.length || Math.abs(Date.now() - paid) < 2 * ANSWER_MS) return;
    var receipt = owed[0];
    paid = Date.now();
    tell("data-receipt", receipt, function (status) {
      paid = 0;
      if (!status || status >= 500) return;
      if (owed[0] === receipt) owed.shift();
      pay();
    });
  }

  function report() {
    var now = Date.now();
    var told = { sound: voice.state, page: root.getAttribute("data-page"), missing: 0 };
    var least = voice.state === reported.sound ? REPORT_MS : POLL_MS;
    if (!token || Math.abs(now - reported.at) < least) return;
    reported.at = now;
    tell("data-report", told, function (status) {
      if (status === 200) reported.sound = told.sound;
    });
  }

  function tell(where, said, done) {
    var request = new XMLHttpRequest();
    request.open("POST", root.getAttribute(where), true);
    request.timeout = ANSWER_MS;
    request.setRequestHeader("Content-Type", "application/json");
    request.setRequestHeader("X-CSRFToken", token);
    request.onreadystatechange = function () {
      if (request.readyState !== 4) return;
      if (request.status === FORBIDDEN) isRefused = true;
      done(request.status);
    };
    request.send(JSON.stringify(said));
  }

  // ── Content ──

  function ask() {
    if (asking && Math.abs(Date.now() - asked) < 2 * ANSWER_MS) return;
    if (asking) { // the oldest TVs know no time limit, or lose it in their sleep
      var lost = asking;
      asking = null;
      lost.abort();
    }
    asked = Date.now();
    asking = new XMLHttpRequest();
    asking.open("GET", root.getAttribute("data-content"), true);
    asking.timeout = ANSWER_MS;
    var answer = asking;
    answer.onreadystatechange = function () {
      if (answer !== asking || answer.readyState !== 4) return;
      asking = null;
      if (answer.status === 200) hear(answer);
    };
    answer.send();
  }

  function hear(answer) {
    var now = Number(answer.getResponseHeader("Ruko-Now"));
    if (!now) return; // another page stands there: a proxy's, say
    heard = Date.now();
    ahead = now - heard;
    var isOld = answer.getResponseHeader("Ruko-Page") !== root.getAttribute("data-page");
    var isUseless = isRefused && Math.abs(heard - opened) > REPORT_MS; // not in circles
    if ((isOld || isUseless) && !voice.isBusy()) {
      location.reload();
      return;
    }
    if (answer.responseText !== drawn) {
      drawn = answer.responseText;
      content.innerHTML = drawn;
      announce(heard);
    }
    pay();
    tick();
  }

  function tick() {
    var now = Date.now();
    if (now < heard) heard = now; // somebody set the TV's clock back
    var isLost = now - heard > LOST_MS;
    var server = now + ahead;
    write("time", clock(server));
    write("age", clock(heard + ahead));
    write("since", clock(heard + ahead));
    setClass(root, "is-lost", isLost);
    setClass(root, "is-new", now < newUntil && !isLost);
    root.setAttribute("data-shift", String(Math.floor(server / SHIFT_MS) % SHIFTS));
    swap(Math.floor(server / SWAP_MS));
  }

  function swap(turn) {
    var messages = document.getElementById("messages").getElementsByTagName("p");
    for (var i = 0; i < messages.length; i += 1) {
      setClass(messages[i], "is-on", i === turn % messages.length);
    }
  }

  button.onclick = function () {
    button.hidden = true;
    var volume = Number(document.getElementById("picture").getAttribute("data-volume")) / 100;
    voice.say(0, ["chime"], volume, 0);
  };

  setClass(root, "has-script", true);
  setClass(root, "is-new", false);
  announce(heard);
  if (!voice.isBusy()) voice.say(0, ["chime"], 0, 0); // may it sound?
  tick();
  setInterval(tick, 1000);
  setInterval(ask, POLL_MS);
  setInterval(report, 1000);
})();
