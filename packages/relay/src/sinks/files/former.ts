/**
 * What the file before the present one holds. Records come again after a crash from where a spool had saved its place, a
 * moment before; when files changed in that moment, they are in the former one.
 */
import { stat } from "node:fs/promises";
import type { EventSinkParts } from "../../event-sink.ts";
import { openAppendFile, type AppendFile } from "./append-file.ts";
import { codeOf } from "./failure.ts";
import type { ReadTail } from "./tail.ts";

/** How far back records can come again, ms; a place is saved several times a second. */
const reachMs = 60_000;

/**
 * Ids of the last records of the former file; none when the present one has been written to for long enough since. They only
 * keep records from being there twice: a file that cannot be read is told and has none.
 */
export async function idsInFormer(
  present: Pick<AppendFile, "size" | "writtenAt">,
  former: string,
  { readTail, log }: { readonly readTail: ReadTail; readonly log: EventSinkParts["log"] },
): Promise<readonly string[]> {
  try {
    const { mtimeMs } = await stat(former);
    if (present.size > 0 && mtimeMs < present.writtenAt - reachMs) return [];
    await using file = await openAppendFile(former);
    return (await readTail(file))?.ids ?? [];
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    const why = error instanceof Error ? error.message : String(error);
    log.warn({ path: former, why }, "a former file cannot be read; records may be written twice");
    return [];
  }
}
