/** `belfry db copy`: moves a whole installation to another database. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Parsed } from "@belfry/contract";
import { ok } from "@belfry/contract";
import { parseDatabase, shownDatabase } from "../config/database.ts";
import type { Settings } from "../config/settings.ts";
import type { TableProgress } from "../store/copy/copy.ts";
import { sizeText } from "./size-text.ts";

export interface CopyCommandParts {
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly clock: { now(): number };
}

/** What the command line says; `from` left out is the database of the settings. */
export interface CopyRequest {
  readonly from?: string;
  readonly to?: string;
}

/** How often a table that takes long says how far it is, in ms. */
const progressMs = 2_000;

/** Ends with 0 when both databases hold the same, with 2 when the line is wrong; else rejects with an `AppError`. */
export async function copyCommand(
  request: CopyRequest,
  settings: Pick<Settings, "database" | "retention">,
  parts: CopyCommandParts,
): Promise<number> {
  const { stdout, stderr, clock } = parts;
  const wrong = (option: string, message: string): number => {
    stderr(`belfry: db copy: ${option}: ${message}\n`);
    return 2;
  };
  if (request.to === undefined) return wrong("--to", "expected a database, found nothing");
  const to = parseEnd(request.to, parts.cwd);
  if (to.kind === "bad") return wrong("--to", messageOf(to));
  const from =
    request.from === undefined ? ok(settings.database) : parseEnd(request.from, parts.cwd);
  if (from.kind === "bad") return wrong("--from", messageOf(from));
  const { copyDatabase } = await import("../store/copy/copy.ts");
  const { retention } = settings;
  let lastAt = clock.now();
  const say = (progress: TableProgress): void => {
    if (!progress.isDone && clock.now() - lastAt < progressMs) return;
    lastAt = clock.now();
    stdout(progressLine(progress));
  };
  const { tables, rows, bytes } = await copyDatabase(
    { from: from.value, to: to.value, retention },
    say,
  );
  stdout(
    `copied ${tables} tables with ${rows} rows, ${sizeText(bytes)}, from ${shownDatabase(from.value)} ` +
      `to ${shownDatabase(to.value)}, and compared them\n` +
      "keys and outputs' spool stay in the data folder: start the hub with it, and with the new database\n",
  );
  return 0;
}

/**
 * A database as `--from` and `--to` name it: a `postgres://` URL, a path of a SQLite file, also after `sqlite:`, or a
 * data folder, which stands for the file in it.
 */
export function parseEnd(text: string, cwd: string): Parsed<string> {
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/i.exec(text)?.[1];
  if (path !== undefined) return ok(fileAt(resolve(cwd, path)));
  const parsed = parseDatabase(text, undefined, cwd);
  return parsed.kind === "ok" && !parsed.value.startsWith("postgres://")
    ? ok(fileAt(parsed.value))
    : parsed;
}

function fileAt(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? resolve(path, "belfry.db") : path;
}

function messageOf({ problems }: Parsed<string> & { readonly kind: "bad" }): string {
  return problems.map(({ message }) => message).join("; ");
}

function progressLine({ table, rows, bytes, isDone }: TableProgress): string {
  const what = `${table.padEnd(18)}${String(rows).padStart(11)} rows${sizeText(bytes).padStart(12)}`;
  return `${what}${isDone ? "" : " …"}\n`;
}
