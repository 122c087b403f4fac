import { appendFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import type { Destination } from "./delivery.ts";
import { QueueEmitter, type QueueOptions } from "./queue-emitter.ts";

/** Appends events to a file, one JSON document a line. A file that cannot be written is tried again later. */
export class FileEmitter extends QueueEmitter {
  constructor(path: string, options: Omit<QueueOptions, "spoolFile" | "maxSpoolBytes"> = {}) {
    super(createFileDestination(path), options);
  }
}

function createFileDestination(path: string): Destination {
  return {
    name: path,
    deliver: async (lines) => {
      try {
        await appendFile(path, `${lines.join("\n")}\n`);
        return { kind: "sent" };
      } catch (error) {
        return { kind: "retry", why: String(error) };
      }
    },
    deliverNow: (lines) => {
      try {
        appendFileSync(path, `${lines.join("\n")}\n`);
        return true;
      } catch {
        return false;
      }
    },
    close: () => undefined,
  };
}
