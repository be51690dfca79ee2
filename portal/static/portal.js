// What the portal adds where JavaScript runs. Every page works without it; nothing is kept in the browser.
(() => {
  "use strict";
  // htmx reads these as it works. Here and not in each page: pages are not compressed.
  Object.assign(htmx.config, { history: "reload", defaultSettleDelay: 0, noSwap: [204, 304, 414] });

  // A refused form is the answer to its POST: from now on Back and Reload get the page of its address, and send nothing again.
  history.replaceState(history.state, "");

  const all = (selector, root = document) => root.querySelectorAll(selector);
  const one = (selector, root = document) => root.querySelector(selector);
  const said = one("#said"), offline = one("#offline");
  const say = words => { said.textContent = ""; setTimeout(() => { said.textContent = words; }, 50); };

  // Buttons that need JavaScript come hidden. Again after each swap.
  function ready() {
    all("button[data-shows]").forEach(button => { button.hidden = false; });
    all("button[data-copy]").forEach(button => { button.hidden = !navigator.clipboard; });
    all("[data-left][data-period]").forEach(count);
    all("time[data-as]").forEach(tell);
    all("select[data-guess]").forEach(guess);
    all("[data-wait]").forEach(hold);
  }

  // Somebody who has chosen no time zone reads times in the browser's, and may choose that one. Nothing is stored or sent.
  // They are written as the server writes them: in the locale of the reader's place, the halves of a day in its words, on one line.
  const { lang, dataset: { locale: language = lang, halves, both = "{1}, {0}" } } = document.documentElement;
  const write = (at, options) => new Intl.DateTimeFormat(language, options).formatToParts(at).map(({ type, value }, place, parts) =>
    type === "dayPeriod" && halves ? halves.split("|")[at.getHours() < 12 ? 0 : 1]
      : type === "dayPeriod" || /minute|dayPeriod/.test(parts[place - 1]?.type) ? value.replace(/\s/g, "\u00a0") : value).join("");
  function tell(part) {
    const at = new Date(part.dateTime), as = part.dataset.as, now = new Date();
    const clock = { hour: "numeric", minute: "2-digit" }, day = { weekday: "short", month: "short", day: "numeric" };
    const isToday = at.toDateString() === now.toDateString();
    part.removeAttribute("data-as");
    if (as === "medium" || as === "long") part.textContent = write(at, { dateStyle: as });
    else if (isToday && as === "until") part.textContent = write(at, clock);
    else if (isToday && as !== "year") part.textContent = both.replace("{1}", today(as === "alone")).replace("{0}", write(at, clock));
    else part.textContent = write(at, { ...day, ...clock, ...at.getFullYear() !== now.getFullYear() || as === "year" ? { year: "numeric" } : {} });
  }

  function today(alone) {
    const word = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "day");
    return alone ? word.charAt(0).toLocaleUpperCase(language) + word.slice(1) : word;
  }

  function guess(field) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    field.removeAttribute("data-guess");
    if ([...field.options].some(option => option.value === own)) field.value = own;
  }

  document.addEventListener("click", event => {
    const copy = event.target.closest("[data-copy]");
    const shows = event.target.closest("[data-shows]");
    if (copy) copyFrom(copy);
    if (shows) showOrHide(shows);
    if (event.target.closest(".print")) { event.preventDefault(); print(); }
    all(".avatar[open]").forEach(menu => { if (!menu.contains(event.target)) menu.open = false; });
  });

  document.addEventListener("keydown", event => {
    const menu = event.key === "Escape" && one(".avatar[open]");
    if (menu) { menu.open = false; one("summary", menu).focus(); }
  });

  // From the data: a translator may have changed what is shown.
  function copyFrom(button) {
    const source = document.getElementById(button.dataset.copy);
    const label = one("span", button);
    navigator.clipboard.writeText(source.dataset.text).then(() => {
      const before = button.dataset.before ||= label.textContent;
      say(label.textContent = label.dataset.said);
      setTimeout(() => { label.textContent = before; }, 3000);
    }, () => getSelection().selectAllChildren(source));
  }

  function showOrHide(button) {
    const input = document.getElementById(button.dataset.shows);
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    [button.textContent, button.dataset.text] = [button.dataset.text, button.textContent];
    [button.ariaLabel, button.dataset.name] = [button.dataset.name, button.ariaLabel];
  }

  // Minutes and seconds, behind hours beyond the first.
  const two = number => String(number).padStart(2, "0");
  function clock(seconds) {
    const hours = seconds > 3600 ? Math.floor(seconds / 3600) : 0, minutes = Math.floor(seconds / 60) - hours * 60;
    return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
  }

  // Near its end the words take over: a code typed now would be late. With digits, it ends once.
  function count(part) {
    const words = one("span", part), digits = one("b", part), calm = words.textContent, period = +part.dataset.period;
    const start = performance.now() - (period - part.dataset.left) * 1000;
    const ring = one("circle + circle", part);
    part.removeAttribute("data-left");
    if (part.dataset.opens) document.getElementById(part.dataset.opens).hidden = true;
    const tick = () => {
      const gone = (performance.now() - start) / 1000, over = digits && gone >= period;
      ring?.setAttribute("stroke-dashoffset", over ? period : gone % period);
      if (over) words.textContent = part.dataset.late;
      if (over && part.dataset.opens) { reveal(part.dataset.opens); say(part.dataset.late); }
      if (over && part.dataset.over) location.replace(part.dataset.over);
      if (over || !part.isConnected) return clearInterval(timer);
      if (digits) { const left = Math.ceil(period - gone); digits.textContent = period > 60 || part.dataset.opens ? clock(left) : left; return; }
      const late = period - gone % period <= 5;
      if (part.classList.toggle("late", late) === (words.textContent === calm)) words.textContent = late ? part.dataset.late : calm;
    }, timer = setInterval(tick, 250);
    tick();
  }

  const reveal = id => { document.getElementById(id).hidden = false; };

  // A button that has to wait says how long. Pressed too early, it speaks below itself, and the rest of the page stays as it is.
  function hold(button) {
    const calm = button.textContent, end = Date.now() + button.dataset.wait * 1000, note = document.getElementById(`${button.id}-wait`);
    button.removeAttribute("data-wait");
    button.setAttribute("aria-disabled", "true");
    button.dataset.held = note.dataset.early;
    note.textContent = "";
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      button.textContent = left > 0 ? button.dataset.words.replace("0:00", clock(left)) : calm;
      if (left > 0 && button.isConnected) return setTimeout(tick, (end - Date.now()) % 1000 || 1000);
      if (!button.isConnected) return;
      button.removeAttribute("aria-disabled");
      button.removeAttribute("data-held");
      note.textContent = "";
      say(button.dataset.ready);
    };
    tick();
  }

  // A form travels once. Its button says so until the answer is there.
  function rest(form) {
    delete form.dataset.sent;
    all("[aria-disabled]", form).forEach(button => {
      button.removeAttribute("aria-disabled");
      if (button.dataset.calm) button.textContent = button.dataset.calm;
    });
  }

  document.addEventListener("submit", event => {
    const form = event.target, button = event.submitter || one("button:not([type])", form);
    if (form.dataset.sent || button?.dataset.held) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (button?.dataset.held) { say(button.dataset.held); document.getElementById(`${button.id}-wait`).textContent = button.dataset.held; }
      return;
    }
    form.dataset.sent = "1";
    if (form.dataset.stays) setTimeout(rest, 1e4, form); // a file is the answer: the page stays
    if (!button) return;
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) {
      button.dataset.calm = button.textContent;
      button.textContent = button.dataset.busy;
      say(button.dataset.busy);
    }
  }, true);

  // The choice of light or dark comes into the footer, so that nothing typed is lost; without JavaScript it has a tab of its own.
  // The style sheet follows it by itself. If it can't be kept, it is taken back.
  function choose(form) {
    let kept = one(":checked", form);
    one("button", form).remove();
    form.addEventListener("change", async () => {
      const chosen = one(":checked", form), body = new URLSearchParams(new FormData(form));
      const isKept = await fetch(form.action, { method: "POST", body }).then(answer => answer.ok, () => false);
      if (isKept) kept = chosen; else kept.checked = true;
    });
  }

  const here = one(".scheme-choice"), elsewhere = one("footer a[target]");
  if (here) choose(here);
  elsewhere?.addEventListener("click", async event => {
    event.preventDefault();
    if (one("#scheme")) return one("#scheme :checked").focus();
    try {
      const page = new DOMParser().parseFromString(await (await fetch(elsewhere.href)).text(), "text/html"), form = one(".scheme-choice", page);
      choose(form);
      one("footer").prepend(form);
      one(":checked", form).focus();
    } catch { location = elsewhere.href; }
  });

  addEventListener("pageshow", event => {
    if (event.persisted) location.reload();
    all("form[data-sent]").forEach(rest);
  });
  document.addEventListener("htmx:finally:request", () => all("form[data-sent]").forEach(rest));

  // After a swap: from the top, with the session's newest token in the forms outside the step. News of a text is only said.
  let announced = one("#updates p")?.textContent;
  document.addEventListener("htmx:after:swap", event => {
    const news = one("#updates p")?.textContent, before = announced;
    announced = news;
    if (event.detail.ctx.target.id === "updates") { ready(); if (news && news !== before) say(news); return; }
    const step = one("#step"), token = one("[name=csrf_token]", step);
    step.classList.add("fresh");
    offline.hidden = true;
    if (token) all("[name=csrf_token]").forEach(field => { field.value = token.value; });
    scrollTo(0, 0);
    const first = one("[autofocus]", step);
    if (first) first.focus({ preventScroll: true });
    if (first?.matches("input, button")) first.scrollIntoView({ block: "nearest" });
    ready();
    rearm();
  });

  document.addEventListener("htmx:error", () => {
    offline.hidden = false;
    scrollTo(0, 0);
  });

  // Two minutes before a quiet session ends: ask. Another tab may have kept it alive, so the server is asked first.
  const dialog = one("dialog"), WARN = 120;
  let end = 0, timer = 0;
  const left = () => Math.round((end - Date.now()) / 1000);
  const over = () => location.replace(dialog.dataset.over);

  function rearm(seconds = +document.body.dataset.seconds) {
    if (!dialog) return;
    if (dialog.open) dialog.close();
    end = Date.now() + seconds * 1000;
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(0, seconds - WARN) * 1000);
  }

  async function look() {
    let seconds = left();
    try { seconds = (await (await fetch(dialog.dataset.ask, { headers: { Accept: "application/json" } })).json()).seconds; } catch { /* offline: our own clock */ }
    if (seconds <= 0) return over();
    if (seconds > WARN) return rearm(seconds);
    end = Date.now() + seconds * 1000;
    if (!dialog.open) dialog.showModal();
    tick();
  }

  function tick() {
    clearTimeout(timer);
    const seconds = left();
    one("b", dialog).textContent = clock(Math.max(0, seconds));
    timer = setTimeout(seconds <= 0 || seconds % 10 === 0 ? look : tick, 1000);
  }

  async function stay() {
    const body = new URLSearchParams({ csrf_token: one("[name=csrf_token]").value });
    try {
      const answer = await fetch(dialog.dataset.extend, { method: "POST", body, headers: { Accept: "application/json" } });
      rearm((await answer.json()).seconds);
    } catch { look(); }
  }

  if (dialog) {
    rearm();
    document.addEventListener("visibilitychange", () => { if (!document.hidden && left() <= WARN) look(); });
    // Escape, too, is a sign of life.
    dialog.addEventListener("cancel", event => { event.preventDefault(); stay(); });
    one("button", dialog).addEventListener("click", stay);
  }

  ready();
})();
