import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TestAgent } from "./agent.kit.ts";
import { TestTime } from "./clock.kit.ts";
import { makeFolder } from "./folder.kit.ts";
import { problemBody, startLittleHub, type LittleHub, type Manner } from "./hub.kit.ts";
import { seriesOf } from "./sample.kit.ts";

const manners: Readonly<Record<string, Manner>> = {
  take: "take",
  cut: "cut",
  "take and cut": "take and cut",
  hang: "hang",
  500: { status: 500 },
  401: { status: 401 },
  503: { status: 503, headers: { "retry-after": "3" } },
};

const step = fc.oneof(
  fc.record({ do: fc.constant("manner" as const), name: fc.constantFrom(...Object.keys(manners)) }),
  fc.record({ do: fc.constant("push" as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 10, max: 40_000 }) }),
  fc.record({
    do: fc.constantFrom("forget", "restart the agent", "restart the hub", "too large", "new list"),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

describe("a sender among faults", () => {
  it("gets every sample to the hub, with its values, whatever happened before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        await using folder = await makeFolder();
        await using hub = await startLittleHub();
        await new World(hub, folder.path).run(steps);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

class World {
  readonly #hub: LittleHub;
  readonly #stateDir: string;
  readonly #time = new TestTime();
  readonly #pushed: number[] = [];
  #agent: TestAgent;
  #most = 1_000;
  #manner: Manner = "take";

  constructor(hub: LittleHub, stateDir: string) {
    this.#hub = hub;
    this.#stateDir = stateDir;
    this.#agent = this.#startAgent();
    hub.manner = ({ times }) =>
      times.length > this.#most && this.#manner === "take"
        ? { status: 413, body: problemBody("too_large", "less, please") }
        : this.#manner;
  }

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const one of steps) await this.#step(one);
      this.#manner = "take";
      await this.#time.passUntil(
        "all is there",
        () =>
          this.#pushed.every((at) => this.#hub.samples.has(at)) && this.#agent.stats.spooled === 0,
        200,
      );
    } finally {
      await this.#agent[Symbol.asyncDispose]();
    }
    assert.equal(this.#hub.samples.size, this.#pushed.length);
    for (const [at, { values }] of this.#hub.samples) {
      for (const [s, value] of [...values.values()].entries()) {
        assert.equal(value, (at % 1_000_000) + s);
      }
    }
    assert.deepEqual(this.#hub.wrongs, []);
    assert.equal(this.#agent.stats.dropped + this.#agent.stats.refused, 0);
  }

  async #step(one: Step): Promise<void> {
    switch (one.do) {
      case "manner":
        this.#manner = manners[one.name] ?? "take";
        break;
      case "push":
        for (let i = 0; i < one.count; i += 1) {
          this.#pushed.push(this.#agent.push());
          await this.#breathe(1_000);
        }
        break;
      case "pass":
        await this.#breathe(one.ms);
        break;
      case "forget":
        this.#hub.forget();
        break;
      case "too large":
        this.#most = 3;
        break;
      case "new list":
        this.#agent.series = seriesOf(this.#agent.series.length + 1);
        break;
      case "restart the agent":
        await this.#agent[Symbol.asyncDispose]();
        this.#agent = this.#startAgent();
        break;
      case "restart the hub":
        await this.#hub.stop();
        await this.#breathe(2_000);
        await this.#hub.start();
        break;
      default:
        assert.fail("an unknown step");
    }
  }

  /** Some time, with room for requests and files. */
  async #breathe(ms: number): Promise<void> {
    for (let i = 0; i < 4; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#time.pass(ms / 4);
    }
  }

  #startAgent(): TestAgent {
    const hubs = [{ url: this.#hub.url, key: "secret" }];
    return new TestAgent({ hubs, intervalMs: 1_000, stateDir: this.#stateDir }, this.#time);
  }
}
