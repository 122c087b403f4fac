/* Runs before the first paint: applies the theme that was chosen, so that no page flashes in the other one. */
(() => {
  try {
    const chosen = localStorage.getItem("belfry.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
  } catch {
    /* Storage is forbidden: the system's theme it is. */
  }
})();
