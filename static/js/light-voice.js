// The voice of the light board: speaks one call after another, the clips of each through one player.
// What cannot be had in time is left out. ES5, as light.js, which says what to speak.
window.LightVoice = function (address, hears) {
  "use strict";

  var START_MS = 2500; // a clip that has not begun by then is passed over
  var CLIP_MS = 6000;
  var REST_MS = 2000; // before a sentence is repeated
  var LEAST_VOLUME = 0.001; // unheard, but enough for the browser to say whether it may

  var player = window.Audio ? new Audio() : null;
  var line = []; // the sentences to come: { seq, names, volume, left }
  var sentence = null; // the one that is spoken
  var timer = 0;
  var voice = { state: player ? "blocked" : "none" };

  function become(state) {
    voice.state = state;
    hears.state(state);
  }

  function begin() {
    clearTimeout(timer);
    if (sentence || !line.length) return;
    sentence = line.shift();
    sentence.at = 0;
    goOn();
  }

  function goOn() {
    if (!sentence) return;
    clearTimeout(timer);
    if (sentence.at < sentence.names.length) play(sentence.names[sentence.at++]);
    else end(sentence);
  }

  // It is repeated while nobody newer waits.
  function end(said) {
    sentence = null;
    if (said.isHeard && said.seq && !said.isTold) hears.spoken(said.seq);
    said.isTold = true;
    if (!line.length && said.isHeard && said.left > 0) {
      said.left -= 1;
      line.push(said);
    }
    timer = setTimeout(begin, REST_MS);
    if (line[0] !== said) begin();
  }

  function play(name) {
    timer = setTimeout(function () {
      if (player.currentTime) {
        timer = setTimeout(goOn, CLIP_MS);
        return;
      }
      if (voice.state !== "on") become("blocked"); // an old one does not say that it waits for a tap
      goOn();
    }, START_MS);
    try {
      player.src = address.replace("NAME", encodeURIComponent(name));
      player.volume = sentence.volume;
      listen(player.play());
    } catch (error) {
      // its time runs out
    }
  }

  function listen(promise) {
    if (!promise || !promise.then) return; // an old one tells by its events alone
    promise.then(
      function () {
        become("on");
      },
      function (error) {
        if (!error || error.name !== "NotAllowedError") return;
        clearTimeout(timer);
        sentence = null;
        line = [];
        become("blocked");
      }
    );
  }

  if (player) {
    player.onended = function () {
      if (sentence) sentence.isHeard = true;
      become("on");
      goOn();
    };
    player.onerror = function () {
      if (sentence && sentence.at === 1) become("none"); // not even the chime
      goOn();
    };
  }

  // Speak a call after those in line; seq 0 is none, so nothing is told of it.
  voice.say = function (seq, names, volume, repeats) {
    if (!player) return;
    line = line.filter(function (each) {
      return !each.isHeard; // a repetition gives way
    });
    line.push({ seq: seq, names: names, volume: volume || LEAST_VOLUME, left: repeats });
    begin();
  };

  // Whether something is spoken, or is about to be.
  voice.isBusy = function () {
    return Boolean(sentence || line.length);
  };

  // Only these calls are still looked for; nobody hears of the others any more.
  voice.keep = function (seqs, volume) {
    function isWanted(each) {
      if (each.seq) each.volume = volume;
      return !each.seq || (volume > 0 && seqs.indexOf(each.seq) >= 0);
    }
    line = line.filter(isWanted);
    if (!sentence || isWanted(sentence)) return;
    sentence.names.length = sentence.at; // not in the middle of a word
    sentence.seq = 0;
    sentence.left = 0;
  };

  return voice;
};
