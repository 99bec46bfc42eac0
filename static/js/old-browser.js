// Leads a browser that cannot run the board to the light page. ES5: every browser must understand it.
(function () {
  var isNew =
    "noModule" in HTMLScriptElement.prototype &&
    window.CSS && CSS.supports && CSS.supports("inset", "0"); // younger than all the rest we use
  if (isNew) return;
  var script = document.querySelector("script[data-light-page]");
  location.replace(script.getAttribute("data-light-page"));
})();
