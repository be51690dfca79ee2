// Passkeys, on pages that set one up or ask for one. It runs once for each step that brings it, and keeps nothing.
(() => {
  "use strict";
  // Browsers refuse an IP address as the site of a passkey.
  const can = !!window.PublicKeyCredential?.parseRequestOptionsFromJSON && !/^[\d.]+$|:/.test(location.hostname);
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  each("[data-unless='passkey.js']", part => { part.hidden = !can; });
  each("[data-when='passkey.js']", part => { part.hidden = can; });

  each("[data-use]", field => {
    const form = field.form, button = form.querySelector("button:not([type])"), said = form.querySelector("[role=alert][hidden]");
    const isNew = field.dataset.use === "create";
    const leaving = new AbortController(), signal = leaving.signal;
    let isAsking = false;

    // The portal asks first: its challenge lives for minutes, and the page may be older.
    async function ask() {
      const body = new URLSearchParams(["csrf_token", "authenticator"].flatMap(name => form.elements[name] ? [[name, form.elements[name].value]] : []));
      const answer = await fetch(field.dataset.send, { method: "POST", body, signal });
      if (answer.redirected) { location = answer.url; return; }
      const options = await answer.json();
      const read = isNew ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
      const credential = await navigator.credentials[isNew ? "create" : "get"]({ publicKey: PublicKeyCredential[read](options), signal });
      field.value = JSON.stringify(credential);
      form.requestSubmit(button);
    }

    // A question that nobody waits for any more would keep the browser from asking the next one.
    document.addEventListener("htmx:before:swap", () => leaving.abort(), { once: true });

    button.addEventListener("click", async event => {
      if (field.value) return;
      event.preventDefault();
      if (isAsking) return;
      isAsking = said.hidden = true;
      try { await ask(); } catch (error) {
        said.lastChild.textContent = said.dataset[error.name.toLowerCase()] || said.dataset.other;
        said.className = "error";
        said.hidden = false;
      }
      isAsking = false;
    });
  });
})();
