/** Light, dark, or as the system says. The choice is kept by the browser; `theme-boot.ts` applies it at the next load. */
import { signal, type ReadonlySignal } from "@preact/signals";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** Where the choice is kept; `theme-boot.ts` reads the same name. */
export const themeKey = "belfry.theme";

export interface ThemeChoice {
  readonly chosen: ReadonlySignal<Theme>;
  /** Grows with every change of what is shown, the system's own included: what is drawn by hand is drawn anew. */
  readonly changes: ReadonlySignal<number>;
  choose(theme: Theme): void;
}

/** Makes the choice of a window. */
export function createTheme(window: Window): ThemeChoice {
  const { document } = window;
  const chosen = signal<Theme>(parseTheme(document.documentElement.dataset["theme"]));
  const changes = signal(0);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    changes.value += 1;
  });
  return {
    chosen,
    changes,
    choose(theme) {
      chosen.value = theme;
      if (theme === "system") delete document.documentElement.dataset["theme"];
      else document.documentElement.dataset["theme"] = theme;
      changes.value += 1;
      try {
        if (theme === "system") window.localStorage.removeItem(themeKey);
        else window.localStorage.setItem(themeKey, theme);
      } catch {
        // Storage is forbidden: the choice lasts as long as the page.
      }
    },
  };
}

/** The theme after this one. */
export function nextTheme(theme: Theme): Theme {
  return themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
}

function parseTheme(text: string | undefined): Theme {
  return text === "light" || text === "dark" ? text : "system";
}
