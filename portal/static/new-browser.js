// On the page that waits: once another session has confirmed the sign-in, it goes on by itself, after that was read aloud.
document.addEventListener("htmx:after:swap", () => {
  const form = document.querySelector("#updates form");
  if (form && !form.dataset.going) { form.dataset.going = "1"; setTimeout(() => form.requestSubmit(), 2000); }
});
