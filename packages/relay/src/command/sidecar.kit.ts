/**
 * A sidecar for tests, as a process of its own, with one kind of sink: `post` sends a batch to a server of the test, which
 * answers with a delivery per event. A connection that fails is an outage. Run it with Node: arguments as `belfry sidecar`.
 */
import { createParser } from "@belfry/contract";
import { Type } from "typebox";
import type { EventSinkKind, RecordDelivery } from "../event-sink.ts";
import { runSidecarProcess } from "./run-process.ts";

const schema = Type.Object({ url: Type.String({ minLength: 1 }) }, { additionalProperties: false });
const parse = createParser(schema);

const post: EventSinkKind = {
  type: "post",
  title: "Server of a test",
  schema,
  secrets: [],
  takes: ["job_event"],
  batch: { maxEvents: 50, maxBytes: 1024 * 1024 },
  parseSettings: parse,
  create(settings) {
    const { url } = settings as { url: string };
    return {
      async deliver(records, signal) {
        try {
          const events = records.flatMap((one) => (one.kind === "job_event" ? [one.event] : []));
          const body = JSON.stringify(events);
          const response = await fetch(url, { method: "POST", body, signal });
          return (await response.json()) as RecordDelivery[];
        } catch (error) {
          return records.map(() => ({ kind: "retry", why: String(error) }));
        }
      },
      health: () => Promise.resolve({ status: "healthy", details: { url } }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

process.exitCode = await runSidecarProcess(
  process.argv.slice(2),
  new Map([[post.type, post]]),
  "0.0.0",
);
