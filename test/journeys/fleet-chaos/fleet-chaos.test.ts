/**
 * Hubs and workers on one PostgreSQL are killed, stopped, cut off, and their database crashes, at random: every slot is
 * checked at most once, slots are missed only while somebody takes over and are counted, each outage is one incident told
 * once that it began and once that it is over, and nothing is held for down that is not.
 *
 * It runs where it is asked for: `BELFRY_CHAOS=1` for the short form, two hubs and a worker for a minute.
 * `BELFRY_CHAOS_SECONDS` sets for how long (600: three hubs, three workers, 3,000 monitors at 5 s), `BELFRY_CHAOS_SEED`
 * plays a run again, `BELFRY_CHAOS_MONITORS` sets how many monitors there are.
 */
import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { judge } from "./judge.ts";
import { play, type Played, type PlaySettings } from "./play.ts";

const seed = Number(process.env["BELFRY_CHAOS_SEED"] ?? Math.floor(Math.random() * 1e9));
const seconds = process.env["BELFRY_CHAOS_SECONDS"];
const isAsked = [process.env["BELFRY_CHAOS"], process.env["BELFRY_CHAOS_SEED"], seconds].some(
  (one) => one !== undefined,
);
const skip = isAsked ? false : "BELFRY_CHAOS=1 hurts a fleet for a minute";

const limits = { takeOverMs: 15_000, lateMs: 1_000, heldBackMs: 10_000 };

const short: PlaySettings = {
  seed,
  hubs: 2,
  workers: 1,
  monitors: 60,
  intervalMs: 2_000,
  faults: {
    forMs: 14_000,
    pauseMs: [3_500, 5_000],
    lastsMs: {
      kill: [500, 2_000],
      stop: [11_000, 14_000],
      cut: [11_000, 14_000],
      restart: [0, 500],
    },
  },
  outages: 6,
  outageMs: 20_000,
  histories: 60,
  limits,
};

const long = (forSeconds: number): PlaySettings => ({
  seed,
  hubs: 3,
  workers: 3,
  monitors: Number(process.env["BELFRY_CHAOS_MONITORS"] ?? 3_000),
  intervalMs: 5_000,
  faults: {
    forMs: forSeconds * 1_000,
    pauseMs: [5_000, 25_000],
    lastsMs: {
      kill: [500, 10_000],
      stop: [2_000, 60_000],
      cut: [2_000, 40_000],
      restart: [0, 5_000],
    },
  },
  outages: Math.ceil(forSeconds / 5),
  outageMs: 60_000,
  histories: 300,
  limits,
});

test(`a fleet that is hurt keeps its promises (seed ${seed})`, { skip }, async (t) => {
  const settings = seconds === undefined ? short : long(Number(seconds));
  const played = await play(settings);
  const { problems, figures } = judge(played.evidence, limits);
  t.diagnostic(played.story.join("; "));
  t.diagnostic(JSON.stringify(figures));
  if (problems.length > 0) await keepOutputs(t, played);
  assert.deepEqual(problems, []);
});

async function keepOutputs(t: TestContext, { outputs, evidence }: Played): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `belfry-chaos-${seed}-`));
  for (const [name, output] of outputs) await writeFile(join(folder, `${name}.log`), output);
  await writeFile(join(folder, "evidence.json"), JSON.stringify(evidence));
  t.diagnostic(`what the processes printed is in ${folder}`);
}
