/** Loads settings in tests, as a hub would, with the files they say. */
import assert from "node:assert/strict";
import { parseAlerting } from "../managed-input.ts";
import { parseChannelSettings } from "../notify/channel-kinds.ts";
import { loadConfig, type ConfigFlags, type LoadedConfig } from "./load.ts";
import type { Settings } from "./settings.ts";

/** The working directory. */
const cwd = "/srv/belfry";

export interface Given {
  readonly flags?: ConfigFlags;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

/** Loads with these files in the working directory and no others. */
export function load({ flags = {}, env = {}, files = {} }: Given): LoadedConfig {
  return loadConfig({
    flags,
    env,
    cwd,
    parseChannel: parseChannelSettings,
    parseAlerting,
    readText(path) {
      const text = files[path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path];
      if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return text;
    },
  });
}

/** The settings; fails where there are problems. */
export function settingsOf(given: Given): Settings {
  const loaded = load(given);
  assert.deepEqual(loaded.kind === "bad" ? loaded.problems : [], []);
  return loaded.kind === "ok" ? loaded.settings : assert.fail("unreachable");
}

/** The problems; none where there are settings. */
export function problemsOf(given: Given): readonly string[] {
  const loaded = load(given);
  return loaded.kind === "bad" ? loaded.problems : [];
}

/** The notes; fails where there are problems. */
export function notesOf(given: Given): readonly string[] {
  const loaded = load(given);
  return loaded.kind === "ok" ? loaded.notes : assert.fail(loaded.problems.join("\n"));
}
