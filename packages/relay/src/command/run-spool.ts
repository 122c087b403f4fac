/** `belfry spool`: looks into the spool of a sidecar, puts dead letters back, and finds damage. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { messageOf, type SpoolDisk } from "../spool/disk.ts";
import { fsck, type FsckReport, type LogReport } from "../spool/fsck.ts";
import { lockFolder } from "../spool/lock.ts";
import { lettersIn, lookAt, recordsIn, type SpoolView } from "../spool/look.ts";
import { recordKinds } from "../spool/record.ts";
import { SpoolError, type SpoolParts, type SpoolSettings } from "../spool/settings.ts";
import { openSpool } from "../spool/spool.ts";
import { createLog } from "./log.ts";
import { parseSpoolLine, spoolHelp, type SpoolLine } from "./spool-line.ts";

export interface SpoolCommandParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly disk: SpoolDisk;
  /** Resolves when more may be written. */
  readonly stdout: (text: string) => Promise<void>;
  readonly stderr: (text: string) => void;
  readonly clock: SpoolParts["clock"];
  readonly sleep: SpoolParts["sleep"];
}

/** Damage was found and not repaired. */
const damagedCode = 3;

/** Runs it; the exit code: 0 done, 1 it cannot be done, 2 wrong arguments, 3 damage was found. */
export async function runSpool(argv: readonly string[], parts: SpoolCommandParts): Promise<number> {
  const line = parseSpoolLine(argv, parts.env);
  switch (line.kind) {
    case "help":
      await parts.stdout(spoolHelp());
      return 0;
    case "version":
      await parts.stdout(`belfry ${parts.version}\n`);
      return 0;
    case "wrong":
      parts.stderr(`belfry spool: ${line.message}\n`);
      return 2;
    case "run":
      break;
  }
  try {
    return await run(line, parts);
  } catch (error) {
    const isKnown = error instanceof SpoolError || (error instanceof Error && "code" in error);
    if (!isKnown) throw error;
    parts.stderr(`belfry spool: ${messageOf(error)}${adviceOn(error)}\n`);
    return 1;
  }
}

function adviceOn(error: Error): string {
  const isInUse = error instanceof SpoolError && error.code === "in_use";
  return isInUse ? ": stop the sidecar first" : "";
}

async function run(line: SpoolLine, parts: SpoolCommandParts): Promise<number> {
  const { folder, command } = line;
  if (!existsSync(folder)) throw new SpoolError("disk_failed", `${folder} does not exist`);
  if (command === "replay") return replay(line, parts);
  if (command === "fsck" && line.isRepair) return check(line, parts);
  const holder = holderOf(folder);
  if (holder !== undefined) parts.stderr(`${holder}: figures are of a moment ago\n`);
  if (command === "ls") return list(line, parts);
  if (command === "show") return show(line, parts);
  return check(line, parts);
}

/** Who uses the spool. The lock is given back at once: looking must not keep a sidecar from starting. */
function holderOf(folder: string): string | undefined {
  if (!existsSync(join(folder, "lock"))) return undefined;
  try {
    lockFolder(folder)[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (error instanceof SpoolError && error.code === "in_use") return error.message;
    // A disk that cannot be written can be read.
    return undefined;
  }
}

async function list({ folder, isJson }: SpoolLine, parts: SpoolCommandParts): Promise<number> {
  const view = await lookAt(parts.disk, folder);
  await parts.stdout(
    isJson ? `${JSON.stringify(view, null, 2)}\n` : listText(view, parts.clock.now()),
  );
  return 0;
}

function listText({ segments, sinks }: SpoolView, now: number): string {
  const bytes = segments.reduce((sum, one) => sum + one.bytes, 0);
  const rows = segments.map(({ file, bytes: size, firstSequence, lastSequence }) => [
    file,
    String(size),
    firstSequence === null ? "no events" : `${firstSequence}–${lastSequence}`,
  ]);
  const sinkRows = sinks.map(({ sink, place, waiting, oldestAt, deadLetters }) => [
    sink,
    place === null ? "unknown" : String(place),
    String(waiting),
    oldestAt === null ? "" : `${Math.max(0, Math.round((now - oldestAt) / 1000))} s`,
    String(deadLetters),
  ]);
  return [
    `${segments.length} segments, ${bytes} bytes`,
    ...table([["segment", "bytes", "events"], ...rows]),
    "",
    ...table([["sink", "place", "waiting", "oldest", "dead letters"], ...sinkRows]),
    "",
  ].join("\n");
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

async function show(line: SpoolLine, { disk, stdout }: SpoolCommandParts): Promise<number> {
  const { folder, sink, from, to, limit } = line;
  let left = limit;
  const print = async (value: object, bytes: Uint8Array): Promise<boolean> => {
    await stdout(`${JSON.stringify({ ...value, event: eventOf(bytes) })}\n`);
    left -= 1;
    return left > 0;
  };
  if (sink !== undefined) {
    for await (const { bytes, sequence, at, ...letter } of lettersIn(disk, folder, sink)) {
      if (sequence < from || sequence > to) continue;
      if (!(await print({ sequence, at: timeText(at), ...letter }, bytes))) break;
    }
    return 0;
  }
  for await (const { bytes, sequence, at, id, kind, note } of recordsIn(disk, folder, line)) {
    const only = kind === recordKinds.replayed ? { only_for: note } : {};
    if (!(await print({ sequence, at: timeText(at), id, ...only }, bytes))) break;
  }
  return 0;
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}

/** What is no JSON is shown as text. */
function eventOf(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The spool is opened for a moment: nothing is refused for a quota that this command does not know. */
function settingsOf(folder: string): Pick<SpoolSettings, "folder" | "quotaBytes"> {
  return { folder, quotaBytes: Number.MAX_SAFE_INTEGER };
}

async function replay(
  { folder, sink = "", letters }: SpoolLine,
  { disk, stdout, stderr, clock, sleep }: SpoolCommandParts,
): Promise<number> {
  const log = createLog(stderr, () => clock.now());
  await using spool = await openSpool(settingsOf(folder), { disk, log, clock, sleep });
  const known = Object.keys(spool.stats().dead);
  if (!known.includes(sink)) {
    const found = known.length === 0 ? "no sink has any" : `there are those of ${known.join(", ")}`;
    stderr(`belfry spool: ${sink} has no dead letters; ${found}\n`);
    return 1;
  }
  // A sink that is not configured now may have no place any more: what is put back waits for it.
  await spool.cursor(sink, { from: "end" });
  const { replayed, refused } = await spool.replay(sink, letters);
  await stdout(`${replayed} dead letters of ${sink} wait to be delivered again\n`);
  if (refused !== undefined) stderr(`belfry spool: the rest was not taken: ${refused.message}\n`);
  const isAll = letters === "all" || replayed === new Set(letters).size;
  if (!isAll && refused === undefined) stderr("belfry spool: the others are not there\n");
  return refused === undefined && isAll ? 0 : 1;
}

async function check(line: SpoolLine, parts: SpoolCommandParts): Promise<number> {
  const { folder, isJson, isRepair } = line;
  const { disk, stdout, stderr, clock, sleep } = parts;
  const log = createLog(stderr, () => clock.now());
  const report = await fsck(settingsOf(folder), { disk, log, clock, sleep }, { repair: isRepair });
  await stdout(isJson ? `${JSON.stringify(report, null, 2)}\n` : checkText(report));
  return report.isWhole || report.isRepaired ? 0 : damagedCode;
}

function checkText({ logs, isWhole, isRepaired }: FsckReport): string {
  const verdict = isWhole
    ? "everything is whole"
    : isRepaired
      ? "what was damaged is set aside in damaged/"
      : "there is damage; --repair sets it aside";
  return [...logs.flatMap(logText), verdict, ""].join("\n");
}

function logText({ sink, segments, records, missing, cursors, isWhole }: LogReport): string[] {
  const name = sink === null ? "events" : `dead letters of ${sink}`;
  if (isWhole) return [`${name}: ${records} in ${segments.length} segments, whole`];
  const found = segments.flatMap(({ file, isHeaderWhole, damage, tailBytes }) => [
    ...(isHeaderWhole ? [] : [`  ${file}: its header is damaged`]),
    ...damage.map(({ from, to }) => `  ${file}: bytes ${from} to ${to} are no record`),
    ...(tailBytes > 0 ? [`  ${file}: the last ${tailBytes} bytes are no whole record`] : []),
  ]);
  return [
    `${name}: ${records} in ${segments.length} segments, damaged`,
    ...found,
    ...(missing > 0 ? [`  ${missing} are missing`] : []),
    ...(cursors === null ? ["  the places of the sinks are gone or damaged"] : []),
  ];
}
