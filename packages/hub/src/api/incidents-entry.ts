/** An entry of an incident's time line before it is written on the wire. */
import type { IncidentEntry } from "@belfry/contract";
import type { Subject } from "../model/incident.ts";

/** `at` is epoch ms. */
export interface Entry extends Omit<IncidentEntry, "at"> {
  readonly at: number;
}

/** Makes an entry; `by` is who did it, `subject` whom it is about. */
export function entryOf(
  kind: IncidentEntry["kind"],
  at: number,
  text: string,
  { by = null, subject = null }: { by?: string | null; subject?: Subject | null } = {},
): Entry {
  return { kind, at, text, by, subject: subject === null ? null : { ...subject } };
}
