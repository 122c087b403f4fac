/** How the state of a run comes back from its column. */
import { emptyRun, type RunState, type Said } from "../model/run.ts";
import { fromJson } from "./values.ts";

/** As the release before wrote it: metadata were those of one event, and less was known of a run. */
type WrittenState = Omit<RunState, "metadata"> & {
  readonly metadata: RunState["metadata"] | Said<Readonly<Record<string, unknown>>> | null;
};

/** Reads the state of a run. */
export function readRunState(text: string): RunState {
  const written = { ...emptyRun, ...fromJson<WrittenState>(text) };
  return { ...written, metadata: metadataOf(written.metadata) };
}

function metadataOf(metadata: WrittenState["metadata"]): RunState["metadata"] {
  if (metadata === null) return {};
  if (!isOfOneEvent(metadata)) return metadata;
  const { at, value: all } = metadata;
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { at, value }]));
}

/** By key there are only objects: a number under `at` is the time of the one event. */
function isOfOneEvent(
  metadata: NonNullable<WrittenState["metadata"]>,
): metadata is Said<Readonly<Record<string, unknown>>> {
  return typeof metadata["at"] === "number";
}
