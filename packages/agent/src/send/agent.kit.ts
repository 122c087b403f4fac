/** An agent's sender in a test: takes samples as time passes, and tells what it logged. */
import { createSender, type Sender, type SenderSettings } from "./sender.ts";
import { TestTime } from "./clock.kit.ts";
import { details as someDetails, sampleAt, seriesOf } from "./sample.kit.ts";
import type { HubStats } from "./settings.ts";

export class TestAgent implements AsyncDisposable {
  readonly time: TestTime;
  readonly told: string[] = [];
  readonly sender: Sender;
  /** Times of all samples that were pushed. */
  readonly pushed: number[] = [];
  series = seriesOf(5);
  details = someDetails;
  readonly #intervalMs: number;
  readonly #hasDisk: boolean;

  constructor(
    settings: Partial<SenderSettings> & Pick<SenderSettings, "hubs">,
    time = new TestTime(),
  ) {
    this.time = time;
    this.#intervalMs = settings.intervalMs ?? 5_000;
    this.#hasDisk = (settings.stateDir ?? null) !== null;
    const tell = (_: object, message: string): void => void this.told.push(message);
    this.sender = createSender(
      {
        intervalMs: this.#intervalMs,
        stateDir: null,
        labels: { team: "core" },
        host: { machine_id: "m1", boot_id: "b1", name: "web-1", version: "0.1.0" },
        caFile: null,
        ...settings,
      },
      {
        clock: time.clock,
        after: time.after,
        random: () => 0.5,
        log: { info: tell, warn: tell },
      },
    );
  }

  /** Takes a sample now. */
  push(): number {
    const at = this.time.clock.now();
    this.pushed.push(at);
    this.sender.push(sampleAt(at, this.series), this.details);
    return at;
  }

  /** Takes samples, one per interval. */
  async take(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      this.push();
      // What was pushed gets as far as it gets at once; then the interval passes.
      await this.settled();
      this.time.pass(this.#intervalMs);
    }
  }

  /** Nothing fresh is left, no request with it is under way, and what is kept is on disk where there is one. */
  async settled(): Promise<void> {
    await this.time.passUntil(
      "what was fresh is sent or kept",
      () =>
        this.sender
          .stats()
          .every(
            (hub) =>
              hub.fresh === 0 && !hub.isSending && (!this.#hasDisk || hub.spooledInMemory === 0),
          ),
      0,
    );
  }

  /** Of the first hub. */
  get stats(): HubStats {
    const [first] = this.sender.stats();
    if (first === undefined) throw new Error("there is no hub");
    return first;
  }

  /** Stops, letting the time pass that this takes. */
  async [Symbol.asyncDispose](): Promise<void> {
    let isOver = false;
    const over = (async () => {
      await this.sender[Symbol.asyncDispose]();
      isOver = true;
    })();
    // In small steps: the disk is real, and must be done before the time it is given is over.
    await this.time.passUntil("the sender stops", () => isOver, 5);
    await over;
  }
}
