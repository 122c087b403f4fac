/** The thread's side: opens an engine when told to, hands it the calls in order, and sends its answers. */
import { parentPort } from "node:worker_threads";
import { toFailureMessage } from "../failure.ts";
import type { OperationName } from "../operations/table.ts";
import type { StoreSettings } from "../port.ts";
import type { Frame } from "../../model/series.ts";
import { FrameUnpacker } from "./frames.ts";
import type { Answer, Call, FromThread, HintListener, ToThread } from "./messages.ts";

/** A call as an engine gets it. */
export interface UnpackedCall {
  readonly id: number;
  readonly name: OperationName | "ping";
  readonly args: readonly unknown[];
  readonly frames: readonly Frame[];
}

/** What runs in a thread. */
export interface ThreadEngine {
  /** Lines for the log about how it was opened. */
  readonly notes: readonly string[];
  /** Takes calls in; each is answered later through `answer`. */
  take(calls: readonly UnpackedCall[]): void;
  /** Begins to tell what other processes say; absent where there are none. */
  readonly listen?: (tell: HintListener) => void;
  /** Finishes what was taken in. */
  close(): Promise<void>;
}

export type OpenEngine = (
  settings: StoreSettings,
  answer: (answers: readonly Answer[]) => void,
) => Promise<ThreadEngine>;

/** Serves the parent of this thread until it says `close`. */
export function serve(openEngine: OpenEngine): void {
  const port = parentPort;
  if (port === null) throw new Error("this module is the entry of a worker thread");
  const say = (message: FromThread): void => port.postMessage(message);
  const answer = (answers: readonly Answer[]): void => say({ kind: "answers", answers });
  const unpacker = new FrameUnpacker();
  let engine: ThreadEngine | undefined;

  const handle = async (message: ToThread): Promise<void> => {
    switch (message.kind) {
      case "open":
        try {
          engine = await openEngine(message.settings, answer);
          say({ kind: "opened", notes: engine.notes });
        } catch (error) {
          say({ kind: "failed", failure: toFailureMessage(error) });
          port.close();
        }
        return;
      case "calls":
        engine?.take(message.calls.map((call) => unpackCall(call, unpacker)));
        return;
      case "listen":
        engine?.listen?.((hint) => say({ kind: "hint", hint }));
        return;
      case "close":
        await engine?.close();
        say({ kind: "closed" });
        port.close();
    }
  };
  port.on("message", (message: ToThread) => void handle(message));
}

function unpackCall({ id, name, args, frames }: Call, unpacker: FrameUnpacker): UnpackedCall {
  return { id, name, args, frames: frames === null ? [] : unpacker.unpack(frames) };
}

/** The answer to a call that failed. */
export function failureAnswer(id: number, error: unknown): Answer {
  return { id, ok: false, failure: toFailureMessage(error) };
}
