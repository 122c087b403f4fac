/**
 * What the main thread and a store thread say to each other.
 *
 *     main → thread   open, calls, listen, close
 *     thread → main   opened | failed, answers, hint, closed
 *
 * A thread is opened once, then takes calls in the order in which they were made, and answers each once. Once it was
 * told to listen it says what other processes on the database say.
 */
import type { HintTopic } from "../../model/fleet.ts";
import type { FailureMessage } from "../failure.ts";
import type { OperationName } from "../operations/table.ts";
import type { StoreSettings } from "../port.ts";
import type { PackedFrames } from "./frames.ts";

/** What a thread does. */
export type ThreadRole = "writer" | "reader" | "database";

/** What a thread is started with. */
export interface ThreadData {
  readonly role: ThreadRole;
}

export function isThreadData(value: unknown): value is ThreadData {
  return typeof value === "object" && value !== null && "role" in value;
}

/** One call of an operation. `id` is the caller's; `frames` belong to operations that take samples. */
export interface Call {
  readonly id: number;
  readonly name: OperationName | "ping";
  readonly args: readonly unknown[];
  readonly frames: PackedFrames | null;
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly failure: FailureMessage };

/** What a process said, whoever it is. `lost`: nobody can be heard from now on; `heard`: they are, from now on (again). */
export type Hint =
  | { readonly sender: string; readonly topics: readonly HintTopic[] }
  | "lost"
  | "heard";

export type HintListener = (hint: Hint) => void;

export type ToThread =
  | { readonly kind: "open"; readonly settings: StoreSettings }
  | { readonly kind: "listen" }
  | { readonly kind: "calls"; readonly calls: readonly Call[] }
  | { readonly kind: "close" };

export type FromThread =
  | { readonly kind: "opened"; readonly notes: readonly string[] }
  | { readonly kind: "failed"; readonly failure: FailureMessage }
  | { readonly kind: "answers"; readonly answers: readonly Answer[] }
  | { readonly kind: "hint"; readonly hint: Hint }
  | { readonly kind: "closed" };
