/** Keys of the pages: one table that help is drawn from, and the rule when a key is not ours. */

/** Where a key works. */
export type KeyPlace = "everywhere" | "overview" | "monitor" | "host" | "job" | "incident";

/** Every key, as help shows it. */
export const keyTable = [
  { keys: ["/"], what: "Search", place: "everywhere" },
  { keys: ["n"], what: "New monitor", place: "everywhere" },
  { keys: ["o"], what: "Overview", place: "everywhere" },
  { keys: ["h"], what: "Hosts", place: "everywhere" },
  { keys: ["r"], what: "Jobs and their runs", place: "everywhere" },
  { keys: ["i"], what: "Incidents", place: "everywhere" },
  { keys: ["u"], what: "Outputs", place: "everywhere" },
  { keys: ["f"], what: "Fleet: the processes of Belfry", place: "everywhere" },
  { keys: ["t"], what: "Next theme: system, light, dark", place: "everywhere" },
  { keys: ["?"], what: "This help", place: "everywhere" },
  { keys: ["j", "ArrowDown"], what: "Next row", place: "overview" },
  { keys: ["k", "ArrowUp"], what: "Previous row", place: "overview" },
  { keys: ["Enter"], what: "Open it", place: "overview" },
  { keys: ["Escape"], what: "Leave the search, then clear it", place: "overview" },
  { keys: ["c"], what: "Check now", place: "monitor" },
  { keys: ["e"], what: "Edit", place: "monitor" },
  { keys: ["p"], what: "Pause or resume", place: "monitor" },
  { keys: ["[", "]"], what: "Shorter or longer range", place: "monitor" },
  { keys: ["+", "-"], what: "Zoom in or out", place: "monitor" },
  { keys: ["ArrowLeft", "ArrowRight"], what: "Earlier or later", place: "monitor" },
  { keys: ["Escape"], what: "Leave the zoom", place: "monitor" },
  { keys: ["e"], what: "Edit", place: "host" },
  { keys: ["p"], what: "Pause or resume", place: "host" },
  { keys: ["[", "]"], what: "Shorter or longer range", place: "host" },
  { keys: ["+", "-"], what: "Zoom in or out", place: "host" },
  { keys: ["ArrowLeft", "ArrowRight"], what: "Earlier or later", place: "host" },
  { keys: ["Escape"], what: "Leave the zoom", place: "host" },
  { keys: ["e"], what: "Edit what is expected", place: "job" },
  { keys: ["[", "]"], what: "Shorter or longer range", place: "job" },
  { keys: ["+", "-"], what: "Zoom in or out", place: "job" },
  { keys: ["ArrowLeft", "ArrowRight"], what: "Earlier or later", place: "job" },
  { keys: ["Escape"], what: "Leave the zoom", place: "job" },
  { keys: ["a"], what: "Acknowledge", place: "incident" },
  { keys: ["s"], what: "Snooze", place: "incident" },
] as const satisfies readonly { keys: readonly string[]; what: string; place: KeyPlace }[];

/** A key as it stands on keyboards. */
export function keyCap(key: string): string {
  switch (key) {
    case "ArrowDown":
      return "↓";
    case "ArrowUp":
      return "↑";
    case "ArrowLeft":
      return "←";
    case "ArrowRight":
      return "→";
    case "Escape":
      return "Esc";
    default:
      return key;
  }
}

/** What of a key press is looked at. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly defaultPrevented: boolean;
  readonly isComposing: boolean;
}

/** Whether a press is meant for the page: not for the browser, a text being typed, or an open dialog. */
export function isForPage(
  press: KeyPress,
  focus: { typing: boolean; dialogOpen: boolean },
): boolean {
  if (press.defaultPrevented || press.isComposing) return false;
  if (press.ctrlKey || press.metaKey || press.altKey) return false;
  return !focus.typing && !focus.dialogOpen;
}
