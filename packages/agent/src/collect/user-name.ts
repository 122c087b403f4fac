/** Names of users: `/etc/passwd`, read anew when it changes. Who is in a directory service is known by number only. */
import { statSync } from "node:fs";
import { hostText } from "./host-text.ts";
import { readSmallFile } from "./small-file.ts";

export class UserNames {
  readonly #path: string;
  #names = new Map<number, string>();
  #changedAtMs: number | null = null;

  /** `root`: before `/etc/passwd`. */
  constructor(root: string) {
    this.#path = `${root}/etc/passwd`;
  }

  /** Looks whether the file changed. */
  refresh(): void {
    const changedAtMs = statSync(this.#path, { throwIfNoEntry: false })?.mtimeMs ?? null;
    if (changedAtMs === this.#changedAtMs) return;
    this.#changedAtMs = changedAtMs;
    this.#names = parsePasswd(readSmallFile(this.#path) ?? "");
  }

  /** The user's name; the number as text where there is none, as `ps` shows it. */
  nameOf(uid: number): string {
    return this.#names.get(uid) ?? String(uid);
  }
}

/** Names by number; the first line with a number counts. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name = "", , uid = ""] = line.split(":");
    const clean = hostText(name, 256);
    if (clean !== "" && /^\d{1,10}$/.test(uid) && !names.has(Number(uid)))
      names.set(Number(uid), clean);
  }
  return names;
}
