/** The outputs and how they go, asked for again and again: nothing is pushed about them. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { OutputsView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import type { Failure } from "../../api/failure.ts";
import type { Live } from "../../live/stream.ts";

export interface OutputsModel extends Disposable {
  /** null before the first answer. */
  readonly outputs: ReadonlySignal<OutputsView | null>;
  readonly failure: ReadonlySignal<Failure | null>;
  refresh(): void;
}

export interface OutputsParts {
  readonly client: Pick<Client, "outputs">;
  readonly live: Pick<Live, "listen">;
  /** Whether somebody can see the page. */
  readonly isSeen: () => boolean;
}

const everyMs = 3000;

/** Starts to ask. */
export function createOutputsModel({ client, live, isSeen }: OutputsParts): OutputsModel {
  const outputs: Signal<OutputsView | null> = signal(null);
  const failure: Signal<Failure | null> = signal(null);
  const timer = setInterval(() => isSeen() && void load(), everyMs);
  const stopListening = live.listen({ reset: () => void load() });
  let isOver = false;

  async function load(): Promise<void> {
    const reply = await client.outputs();
    if (isOver) return;
    failure.value = reply.kind === "ok" ? null : reply.failure;
    if (reply.kind === "ok") outputs.value = reply.value;
  }

  void load();
  return {
    outputs,
    failure,
    refresh: () => void load(),
    [Symbol.dispose]() {
      isOver = true;
      clearInterval(timer);
      stopListening();
    },
  };
}
