/**
 * What a `config.yaml` of Amaunator gives. Its keys are `log_level`, `api.host`, `api.port` and one `output`; numbers
 * may be written as text, as there. Without `output` it is the console, as there.
 *
 * Two things differ. A missing `api.host` is loopback, not every address. The outputs `nats` and `prometheus` are
 * declared there but never worked: like the original, Belfry falls back to the console and says so.
 */
import { describe } from "@belfry/contract";
import { hostAndPortText } from "./address.ts";
import type { Given, Source } from "./given.ts";
import { isRecord, type Leaf } from "./leaf.ts";
import { levelOf } from "./level.ts";
import { didYouMean } from "./suggest.ts";
import type { YamlEntry, YamlValue } from "./yaml-file.ts";

const topKeys = ["log_level", "api", "output"];
const apiKeys = ["host", "port"];
const consoleKeys = ["type", "format"];
const fileKeys = ["type", "path", "format", "max_bytes", "backup_count"];
/** What Amaunator declares and does not have. */
const unbuilt: Readonly<Record<string, readonly string[]>> = {
  nats: ["type", "url", "subject", "format"],
  prometheus: ["type", "url", "job", "format"],
};

/** Whether a file has a key of Amaunator's on its top level. */
export function isAmaunatorFile(file: YamlValue): boolean {
  return (file.entries ?? []).some(({ key }) => topKeys.includes(key));
}

/** Goes through the keys of a file; `listen` is what the host or port is taken from where the file names only one. */
export function readAmaunatorFile(
  file: YamlValue,
  name: string,
  leaves: readonly Leaf[],
  listen: { readonly host: string; readonly port: number },
): Source {
  const given: Given[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  const top = known(file, topKeys, "");

  function known(
    value: YamlValue | undefined,
    keys: readonly string[],
    above: string,
  ): ReadonlyMap<string, YamlEntry> {
    for (const { key, line } of value?.entries ?? []) {
      if (keys.includes(key)) continue;
      const hint = didYouMean(key, keys);
      problems.push(`${name}:${line}: ${above}${key}: is not a known key${hint}`);
    }
    return new Map((value?.entries ?? []).map((entry) => [entry.key, entry]));
  }
  function give(path: string, value: unknown, where: (part: string) => string): void {
    const leaf = leaves.find((candidate) => candidate.path === path);
    if (leaf !== undefined) given.push({ leaf, value, where });
  }

  const level = top.get("log_level");
  if (level !== undefined) {
    const { plain } = level.value;
    give("log.level", typeof plain === "string" ? levelOf(plain) : plain, () => {
      return `${name}:${level.line}: log_level`;
    });
  }

  const api = top.get("api");
  const apiEntries = known(api?.value, apiKeys, "api.");
  if (api !== undefined && apiEntries.size > 0) {
    const host = textOf(apiEntries.get("host")?.value.plain ?? listen.host);
    const port = textOf(apiEntries.get("port")?.value.plain ?? listen.port);
    const line = (apiEntries.get("port") ?? apiEntries.get("host") ?? api).line;
    give("listen", hostAndPortText({ host, port }), () => {
      return `${name}:${line}: api`;
    });
  }

  const output = top.get("output");
  const { value, where } = outputOf(output);
  give("outputs", [value], where);
  return { given, problems, notes };

  function outputOf(entry: YamlEntry | undefined): Pick<Given, "value" | "where"> {
    const plain = entry?.value.plain;
    if (entry === undefined || plain === null || plain === undefined) {
      return { value: { type: "console" }, where: () => `${name}: output` };
    }
    const place = (part: string): string => {
      const inner = part.replace(/^\[0\]/, "");
      return `${name}:${entry.value.lineOf(inner)}: output${inner}`;
    };
    const type = isRecord(plain) ? String(plain["type"]) : "";
    const notBuilt = Object.hasOwn(unbuilt, type) ? unbuilt[type] : undefined;
    if (notBuilt !== undefined) {
      known(entry.value, notBuilt, "output.");
      notes.push(
        `${place("")}: the output ${describe(type)} never worked in Amaunator and is not one of Belfry's; ` +
          "results go to the console instead",
      );
      return { value: { type: "console", ...formatOf(plain) }, where: place };
    }
    const keys = type === "console" ? consoleKeys : fileKeys;
    known(entry.value, keys, "output.");
    return { value: withNumbers(withKnownKeys(plain, keys)), where: place };
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : describe(value);
}

function formatOf(plain: unknown): { readonly format?: unknown } {
  return isRecord(plain) && plain["format"] !== undefined ? { format: plain["format"] } : {};
}

/** Unknown keys are reported with their own line, once. */
function withKnownKeys(plain: unknown, keys: readonly string[]): unknown {
  if (!isRecord(plain)) return plain;
  return Object.fromEntries(Object.entries(plain).filter(([key]) => keys.includes(key)));
}

function withNumbers(plain: unknown): unknown {
  if (!isRecord(plain)) return plain;
  return Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [
      key,
      typeof value === "string" && /_(bytes|count)$/.test(key) && /^\d+$/.test(value)
        ? Number(value)
        : value,
    ]),
  );
}
