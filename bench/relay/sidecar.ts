/** The sidecar with two kinds of sinks that cost nothing themselves: `takes` everything, and `away` for ever. */
import { createParser } from "@belfry/contract";
import { Type } from "typebox";
import { runSidecarProcess } from "../../packages/relay/src/command/run-process.ts";
import type { EventSinkKind } from "../../packages/relay/src/event-sink.ts";

const schema = Type.Object({}, { additionalProperties: false });

function kindOf(type: "takes" | "away"): EventSinkKind {
  return {
    type,
    title: type,
    schema,
    secrets: [],
    takes: ["job_event"],
    batch: { maxEvents: 1_000, maxBytes: 1024 * 1024 },
    parseSettings: createParser(schema),
    create: () => ({
      deliver: (events) =>
        Promise.resolve(
          events.map(() =>
            type === "takes" ? { kind: "sent" as const } : { kind: "retry" as const, why: "away" },
          ),
        ),
      health: () => Promise.resolve({ status: "healthy", details: {} }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
}

const kinds = [kindOf("takes"), kindOf("away")];
process.exitCode = await runSidecarProcess(
  process.argv.slice(2),
  new Map(kinds.map((kind) => [kind.type, kind])),
  "0.0.0",
);
