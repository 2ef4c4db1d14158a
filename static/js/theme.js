// Sets the chosen theme before the first paint; then answers the buttons that choose it. Not a module: modules run late.
(() => {
  const key = "theme";
  const chosen = () => {
    try { return localStorage.getItem(key) || "system"; } catch { return "system"; }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-choice] button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  };

  apply(chosen());
  document.addEventListener("DOMContentLoaded", () => apply(chosen()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice] button");
    if (!button) return;
    try { localStorage.setItem(key, button.value); } catch { /* private window: holds for this page */ }
    apply(button.value);
  });
})();
