// What a reader has unfolded (<details id="…">) stays so when a fragment is swapped for a newer one.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const open = [...event.detail.target.querySelectorAll("details[id]")].map((one) => [one.id, one.open]);
  document.body.addEventListener(
    "htmx:afterSwap",
    () => {
      for (const [id, wasOpen] of open) {
        const now = document.getElementById(id);
        if (now) now.open = wasOpen;
      }
    },
    { once: true },
  );
});
