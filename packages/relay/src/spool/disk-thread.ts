/** The thread of `thread-disk.ts`: takes one step after the other, and answers each. */
import { parentPort } from "node:worker_threads";
import { codeOf, diskSteps } from "./disk-steps.ts";
import { messageOf } from "./disk.ts";

/** One step. */
export type DiskRequest = {
  readonly [K in keyof typeof diskSteps]: {
    readonly id: number;
    readonly step: K;
    readonly args: Parameters<(typeof diskSteps)[K]>;
  };
}[keyof typeof diskSteps];

/** What became of it. */
export type DiskAnswer =
  | { readonly id: number; readonly kind: "done"; readonly value: unknown }
  | {
      readonly id: number;
      readonly kind: "failed";
      readonly code: string;
      readonly message: string;
    };

function take(request: DiskRequest): unknown {
  switch (request.step) {
    case "makeFolder":
      return diskSteps.makeFolder(...request.args);
    case "list":
      return diskSteps.list(...request.args);
    case "read":
      return diskSteps.read(...request.args);
    case "readInto":
      return diskSteps.readInto(...request.args);
    case "create":
      return diskSteps.create(...request.args);
    case "append":
      return diskSteps.append(...request.args);
    case "close":
      return diskSteps.close(...request.args);
    case "replace":
      return diskSteps.replace(...request.args);
    case "reserve":
      return diskSteps.reserve(...request.args);
    case "truncate":
      return diskSteps.truncate(...request.args);
    case "remove":
      return diskSteps.remove(...request.args);
  }
}

parentPort?.on("message", (request: DiskRequest) => {
  let answer: DiskAnswer;
  try {
    answer = { id: request.id, kind: "done", value: take(request) };
  } catch (error) {
    answer = { id: request.id, kind: "failed", code: codeOf(error), message: messageOf(error) };
  }
  const value = answer.kind === "done" ? answer.value : undefined;
  const moved = value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(answer, moved);
});
