/**
 * From an outcome to a provider with real parts on both databases, while something goes wrong at every point in between:
 * the process is killed there, or the store fails or its answer gets lost. Nothing is lost, nothing is told twice but once
 * for a crash, and nothing that is not so is told.
 *
 * `BELFRY_KILL_POINTS=all` takes every point (an hour); a number takes every so many (default 80), other ones in each
 * scenario.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startPostgres } from "../../../../../test/kit/postgres.ts";
import { noLog, retention } from "../../store/contract/fixtures.ts";
import { createStore } from "../../store/open.ts";
import type { Store } from "../../store/port.ts";
import { faults } from "./faults.kit.ts";
import { scenarios, type Scenario } from "./scenario.kit.ts";
import { verify } from "./verify.kit.ts";
import { World, type Plan, type Played } from "./world.kit.ts";

/** Every so many points. */
const stride = strideOf(process.env["BELFRY_KILL_POINTS"] ?? "80");
const dayMs = 86_400_000;
const nothing: Plan = { point: null, how: "kill" };

const resources = new AsyncDisposableStack();
after(() => resources.disposeAsync());

async function openSqlite(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-faults-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const database = join(folder, "belfry.db");
  return resources.use(await createStore({ database, retention }, { log: noLog }));
}

async function openPostgres(): Promise<Store> {
  const server = resources.use(await startPostgres());
  const database = await server.createDatabase();
  return resources.use(await createStore({ database, retention }, { log: noLog }));
}

function strideOf(text: string): number {
  const stride = text === "all" ? 1 : Number(text);
  assert.ok(Number.isInteger(stride) && stride > 0, `BELFRY_KILL_POINTS: ${text}`);
  return stride;
}

let runs = 0;

/** Plays a scenario on days of its own, and holds it against everything that must be true. */
async function play(store: Store, scenario: Scenario, plan: Plan): Promise<Played> {
  runs += 1;
  await using world = new World(store, scenario, plan, Date.UTC(2026, 0, 1) + runs * 4 * dayMs);
  const played = await world.play();
  await verify(played, store);
  return played;
}

/** The points at which something goes wrong, of so many. */
function chosen(points: readonly string[], how: Plan["how"], offset: number): readonly number[] {
  const usable = [...points.keys()].filter(
    (n) => how === "kill" || !(points[n] ?? "").startsWith("request"),
  );
  return usable.filter((_, i) => i % stride === offset % stride);
}

for (const [engine, open] of [
  ["sqlite", openSqlite],
  ["postgres", openPostgres],
] as const) {
  describe(`on ${engine}`, () => {
    let opened: Promise<Store> | undefined;
    const store = (): Promise<Store> => (opened ??= open());
    /** What a run that failed left behind must not disturb those after it. */
    const attempt = async (scenario: Scenario, plan: Plan): Promise<Played> => {
      try {
        return await play(await store(), scenario, plan);
      } catch (error) {
        opened = undefined;
        throw error;
      }
    };
    const counts = { kill: 0, fail: 0 };

    for (const [i, scenario] of scenarios.entries()) {
      test(`${scenario.title}: nothing is lost wherever it is interrupted`, async (t) => {
        const clean = await attempt(scenario, nothing);
        assert.deepEqual(clean.errors, []);
        for (const how of ["kill", "fail"] as const) {
          for (const point of chosen(clean.points, how, i * 5)) {
            const what = `${how} at ${point}, ${clean.points[point]}`;
            const played = await attempt(scenario, { point, how }).catch((error: unknown) => {
              throw new Error(what, { cause: error });
            });
            assert.equal(played.crashes, how === "kill" && played.isHit ? 1 : 0, what);
            if (played.isHit) counts[how] += 1;
          }
        }
        t.diagnostic(`${clean.points.length} points in one run`);
      });
    }

    for (const scenario of faults) {
      test(`${scenario.title}: nothing is lost`, async () => {
        await attempt(scenario, nothing);
      });
    }

    test("enough points were reached", (t) => {
      t.diagnostic(`killed at ${counts.kill} points, failed at ${counts.fail}`);
      assert.ok(counts.kill * stride >= 300, "so many in the full form");
    });
  });
}
