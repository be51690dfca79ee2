// The test bench: a phone and a mailbox bring themselves up to date while somebody looks at them.
(() => {
  "use strict";
  const EVERY = 3000;
  // Not while the page is hidden, nor under the keyboard of who is about to press something in the part that would be replaced.
  const rests = () => document.hidden || document.querySelector("#updates")?.contains(document.activeElement);
  const tick = () => { if (!rests()) document.body.dispatchEvent(new CustomEvent("bench:tick")); };
  setInterval(tick, EVERY);
  document.addEventListener("visibilitychange", tick);
})();
