/**
 * The one state all of the SDK in a process shares, made at the first run. It hangs on the global object, not on this
 * module, so that the ES module and the CommonJS copy of the SDK see the same runs.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Emitter } from "./event.ts";
import { createWatch, type Watch } from "./process/watch.ts";
import type { Run } from "./run.ts";
import { readFacts, type ProcessFacts } from "./settings.ts";

export interface Shared {
  readonly facts: ProcessFacts;
  readonly watch: Watch;
  readonly current: AsyncLocalStorage<Run>;
  /** What runs without an emitter of their own use; made from the environment by the first of them. */
  emitter: Emitter | undefined;
}

const key = Symbol.for("belfry.sdk.1");

export function shared(): Shared {
  return (holder()[key] ??= createShared());
}

function createShared(): Shared {
  return {
    facts: readFacts(process.env),
    watch: createWatch(),
    current: new AsyncLocalStorage(),
    emitter: undefined,
  };
}

/** Nobody but this module writes under this key. */
function holder(): { [key]?: Shared } {
  return globalThis as { [key]?: Shared };
}
