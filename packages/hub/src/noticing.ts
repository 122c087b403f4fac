/** What Belfry notices beside what is judged and what rules see: certificates. Each trouble is told once, over restarts. */
import { createCertificates } from "./certificates.ts";
import type { BoardEntry } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import type { MonitorId } from "./model/id.ts";
import type { Outcome, SeenCertificate } from "./model/outcome.ts";
import { TroubleKeeper } from "./self/trouble-keeper.ts";
import type { Store } from "./store/port.ts";

export interface NoticingParts {
  readonly clock: Clock;
  readonly store: Pick<Store, "commitRules" | "ruleStates">;
  readonly board: { get(id: MonitorId): BoardEntry | undefined };
  readonly alerting: { wake(): void };
  readonly metrics: { failed(part: string): void };
  readonly log: { error(fields: object, message: string): void };
}

export interface Noticing extends AsyncDisposable {
  certificateOf(id: MonitorId): SeenCertificate | undefined;
  /** Takes up what rang before. */
  load(): Promise<void>;
  /** A check was judged and stored. */
  checked(entry: BoardEntry, outcome: Outcome): void;
  /** People changed monitors. */
  changed(ids: {
    readonly changed: readonly MonitorId[];
    readonly deleted: readonly MonitorId[];
  }): void;
}

/** Draws it together. */
export function createNoticing(parts: NoticingParts): Noticing {
  const { clock, store, board, alerting, metrics, log } = parts;
  const keeper = new TroubleKeeper({
    store,
    onSignals: () => alerting.wake(),
    onError(err) {
      metrics.failed("noticing");
      log.error({ err }, "what was noticed could not be written; trying again");
    },
  });
  const certificates = createCertificates({ clock, keeper });
  return {
    certificateOf: (id) => certificates.certificateOf(id),
    async load() {
      certificates.load(await store.ruleStates());
    },
    checked: ({ monitor }, outcome) => certificates.seen(monitor, outcome),
    changed({ changed, deleted }) {
      const paused = changed.filter((id) => board.get(id)?.monitor.enabled === false);
      for (const id of [...deleted, ...paused]) certificates.forget(id);
    },
    [Symbol.asyncDispose]: () => keeper[Symbol.asyncDispose](),
  };
}
