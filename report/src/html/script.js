"use strict";
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const place = button.closest("article");
    const shown = [...place.querySelectorAll("pre")].find((p) => p.offsetParent !== null) || place.querySelector("pre.latex");
    try {
      await navigator.clipboard.writeText(shown.textContent);
      button.textContent = "copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(shown);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = document.execCommand("copy") ? "copied" : "select and copy";
    }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
}
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const d of folded) d.open = true;
});
addEventListener("afterprint", () => {
  for (const d of folded) d.open = false;
});
