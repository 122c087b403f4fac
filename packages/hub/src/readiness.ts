/**
 * Whether a process can serve at present, part by part: what `/ready` says to balancers and people. Nothing is asked
 * ahead of time. Of a store that does not answer only one question waits, however often this is read.
 */
import { setTimeout as delay } from "node:timers/promises";

export interface ReadinessParts {
  readonly store: { ping(): Promise<void> };
  readonly commits: { readonly failingSince: number | null };
  readonly fleet: { state(): string };
}

export interface Readiness {
  /** Part → `ok` or what is wrong with it, within 1.5 s. All of them `ok`: the process can serve. */
  read(): Promise<Readonly<Record<string, string>>>;
  /** Everything runs; before, the process is starting. */
  started(): void;
  /** The process was told to stop. */
  stopping(): void;
}

const storeLimitMs = 1_500;

/** Of a process that is starting. */
export function createReadiness({ store, commits, fleet }: ReadinessParts): Readiness {
  let life = "starting";
  let asked: Promise<string> | null = null;

  async function askStore(): Promise<string> {
    asked ??= store
      .ping()
      .then(() => "ok", messageOf)
      .finally(() => {
        asked = null;
      });
    const answered = new AbortController();
    const late = delay(storeLimitMs, "no answer in time", { signal: answered.signal });
    try {
      return await Promise.race([asked, late.catch(() => "no answer in time")]);
    } finally {
      answered.abort();
    }
  }

  return {
    async read() {
      const failing = commits.failingSince;
      return {
        process: life,
        store: await askStore(),
        commits: failing === null ? "ok" : `failing since ${new Date(failing).toISOString()}`,
        fleet: fleet.state(),
      };
    },
    started() {
      if (life === "starting") life = "ok";
    },
    stopping() {
      life = "stopping";
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "failed";
}
