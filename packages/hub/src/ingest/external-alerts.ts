/**
 * Alerts of other systems: takes in what they send, and notices what they do not send any more. Their senders repeat what
 * fires and move its end forward; an alert whose end has passed without a word is over. That is only so when Belfry was
 * there to hear it: after a start, a stall of the process, a jump of the clock and while the store fails, what was last
 * heard of before is given the time after which an alert without an end is over, so that a hub that was away for an hour
 * calls nothing over that still fires.
 */
import type { Clock } from "../model/clock.ts";
import { resolveTimeoutMs, type ExternalAlert } from "../model/external-alert.ts";

export interface ExternalAlertParts {
  readonly clock: Clock;
  readonly store: {
    takeExternalAlerts(
      alerts: readonly ExternalAlert[],
      now: number,
    ): Promise<{ readonly signals: number }>;
    endExternalAlerts(
      fingerprints: readonly string[],
      now: number,
    ): Promise<{ readonly signals: number }>;
    externalAlerts(query: {
      readonly endsBy?: number;
      readonly limit: number;
    }): Promise<readonly ExternalAlert[]>;
  };
  /** Alerting has signals to consume. */
  readonly onSignals: () => void;
  /** A look failed; the next one comes soon. */
  readonly onError: (error: unknown) => void;
}

const everyMs = 5_000;
/** A look that is later than this, or a wall clock that is off by more, ends the listening so far. */
const toleranceMs = 5_000;
const mostAtOnce = 500;

export class ExternalAlerts implements AsyncDisposable {
  readonly #parts: ExternalAlertParts;
  /** Since when whatever was sent would have been heard, by both clocks. */
  #listening: Instant;
  #looked: Instant;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: ExternalAlertParts) {
    this.#parts = parts;
    this.#looked = this.#read();
    this.#listening = this.#looked;
  }

  /** Takes in alerts; resolves once they are synced to disk. */
  async take(alerts: readonly ExternalAlert[]): Promise<void> {
    if (alerts.length === 0) return;
    const { store, clock, onSignals } = this.#parts;
    const { signals } = await store.takeExternalAlerts(alerts, clock.now());
    if (signals > 0) onSignals();
  }

  /** Begins to look for alerts that are over. */
  start(): void {
    this.#timer = setTimeout(() => {
      void this.look().then(() => {
        if (!this.#stopped) this.start();
      });
    }, everyMs);
  }

  /** Looks now; resolves when what was found is stored and told. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      try {
        await this.#look();
      } catch (error) {
        this.#listening = this.#read();
        this.#parts.onError(error);
      }
    });
    return this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { store, onSignals } = this.#parts;
    const now = this.#read();
    const passedMs = now.monotonicMs - this.#looked.monotonicMs;
    const jumpedMs = now.wallMs - this.#looked.wallMs - passedMs;
    this.#looked = now;
    if (passedMs > everyMs + toleranceMs || Math.abs(jumpedMs) > toleranceMs) this.#listening = now;
    for (;;) {
      const ended = await store.externalAlerts({ endsBy: now.wallMs, limit: mostAtOnce });
      const over = ended.filter((alert) => this.#isOver(alert, now));
      if (over.length === 0) return;
      const fingerprints = over.map(({ fingerprint }) => fingerprint);
      const { signals } = await store.endExternalAlerts(fingerprints, now.wallMs);
      if (signals > 0) onSignals();
      if (ended.length < mostAtOnce || this.#stopped) return;
    }
  }

  /** Its end passed, and a word of it would have been heard. */
  #isOver({ updatedAt }: ExternalAlert, now: Instant): boolean {
    const { wallMs, monotonicMs } = this.#listening;
    return updatedAt >= wallMs || now.monotonicMs - monotonicMs >= resolveTimeoutMs;
  }

  #read(): Instant {
    const { clock } = this.#parts;
    return { wallMs: clock.now(), monotonicMs: clock.monotonicMs() };
  }
}

interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}
