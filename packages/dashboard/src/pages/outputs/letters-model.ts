/** The dead letters of one output, and which of them are chosen. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { DeadLetterView } from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import type { Failure } from "../../api/failure.ts";
import { appendNextPage } from "../../api/next-page.ts";
import type { DeadLetterChoice } from "../../api/job-calls.ts";

export interface LettersModel extends Disposable {
  /** null before the first answer. */
  readonly letters: ReadonlySignal<Page<DeadLetterView> | null>;
  readonly failure: ReadonlySignal<Failure | null>;
  readonly chosen: ReadonlySignal<ReadonlySet<number>>;
  /** Whether all that are shown are chosen. */
  readonly areAllChosen: ReadonlySignal<boolean>;
  choose(sequence: number, on: boolean): void;
  /** Chooses, or leaves, all that are shown. */
  chooseAll(on: boolean): void;
  older(): Promise<void>;
  refresh(): void;
  /** Sends again or deletes; answers with what was wrong, or how many. */
  act(what: "replay" | "delete", choice: DeadLetterChoice): Promise<Failure | number>;
}

export interface LettersParts {
  readonly client: Pick<Client, "deadLetters" | "replayDeadLetters" | "deleteDeadLetters">;
}

const atOnce = 50;

/** Starts to read them. */
export function createLettersModel(name: string, { client }: LettersParts): LettersModel {
  const letters: Signal<Page<DeadLetterView> | null> = signal(null);
  const failure: Signal<Failure | null> = signal(null);
  const chosen: Signal<ReadonlySet<number>> = signal(new Set());
  const areAllChosen = computed(() => {
    const items = letters.value?.items ?? [];
    return items.length > 0 && items.every(({ sequence }) => chosen.value.has(sequence));
  });
  let isOver = false;

  const ask = (cursor: string | null) => client.deadLetters(name, { limit: atOnce, cursor });

  async function load(): Promise<void> {
    const reply = await ask(null);
    if (isOver) return;
    failure.value = reply.kind === "ok" ? null : reply.failure;
    if (reply.kind === "ok") letters.value = reply.value;
  }

  void load();
  return {
    letters,
    failure,
    chosen,
    areAllChosen,
    choose(sequence, on) {
      const next = new Set(chosen.value);
      if (on) next.add(sequence);
      else next.delete(sequence);
      chosen.value = next;
    },
    chooseAll(on) {
      chosen.value = new Set(on ? letters.value?.items.map(({ sequence }) => sequence) : []);
    },
    older: () => appendNextPage(letters, ask),
    refresh: () => void load(),
    async act(what, choice) {
      const reply = await (what === "replay"
        ? client.replayDeadLetters(name, choice)
        : client.deleteDeadLetters(name, choice));
      if (reply.kind === "failed") return reply.failure;
      chosen.value = new Set();
      await load();
      return reply.value.count;
    },
    [Symbol.dispose]() {
      isOver = true;
    },
  };
}
