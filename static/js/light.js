// The light board: asks for the page's content every few seconds, rings, and tells when the line is
// lost. ES5 with XMLHttpRequest, for TVs of ten years ago; display/light.py draws.
(function () {
  "use strict";

  var POLL_MS = 5000;
  var ANSWER_MS = 8000;
  var LOST_MS = 15000;
  var NEW_MS = 12000;
  var SWAP_MS = 12000;
  var SHIFT_MS = 600000;
  var SHIFTS = 5;
  var LEAST_VOLUME = 0.001; // unheard, but enough for the browser to say whether it may

  var root = document.getElementById("board");
  var content = document.getElementById("content");
  var button = document.getElementById("sound");
  var told = root.getAttribute("data-announced-name");
  var offset = Number(root.getAttribute("data-offset")) * 60000;
  var colon = root.getAttribute("data-colon");
  var chime = window.Audio ? new Audio(root.getAttribute("data-chime")) : null;

  var drawn = content.innerHTML;
  var ahead = Number(root.getAttribute("data-now")) - Date.now(); // server time less the TV's clock
  var heard = Date.now();
  var announced = remembered();
  var newUntil = 0;
  var asking = null;

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
    if (announced === null || announced > seq) remember(newest);
    if (newest <= announced) return;
    remember(newest);
    newUntil = now + NEW_MS;
    write("said", board.getAttribute("data-said"));
    ring(Number(board.getAttribute("data-volume")) / 100);
  }

  function ring(volume) {
    if (!chime || !volume) return;
    try {
      chime.volume = volume;
      chime.currentTime = 0;
      listen(chime.play());
    } catch (error) {
      // the picture is enough
    }
  }

  function listen(promise) {
    if (!promise || !promise.then) return;
    promise.then(
      function () {
        button.hidden = true;
      },
      function (error) {
        if (error && error.name === "NotAllowedError") button.hidden = false;
      }
    );
  }

  // ── Content ──

  function ask() {
    if (asking) return;
    asking = new XMLHttpRequest();
    asking.open("GET", root.getAttribute("data-content"), true);
    asking.timeout = ANSWER_MS;
    asking.onreadystatechange = function () {
      if (!asking || asking.readyState !== 4) return;
      var answer = asking;
      asking = null;
      if (answer.status === 200) hear(answer);
    };
    asking.send();
  }

  function hear(answer) {
    var now = Number(answer.getResponseHeader("Ruko-Now"));
    if (!now) return; // another page stands there: a proxy's, say
    heard = Date.now();
    ahead = now - heard;
    if (answer.getResponseHeader("Ruko-Page") !== root.getAttribute("data-page")) {
      location.reload();
      return;
    }
    if (answer.responseText !== drawn) {
      drawn = answer.responseText;
      content.innerHTML = drawn;
      announce(heard);
    }
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
    ring(1);
  };

  setClass(root, "has-script", true);
  setClass(root, "is-new", false);
  announce(heard);
  if (chime) {
    try {
      chime.volume = LEAST_VOLUME;
      listen(chime.play());
    } catch (error) {
      // it may not ring
    }
  }
  tick();
  setInterval(tick, 1000);
  setInterval(ask, POLL_MS);
})();
