import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createDirectDisk } from "../spool/direct-disk.ts";
import { kitParts, openSmall, recordsOf, temporaryFolder } from "../spool/spool.kit.ts";
import { runSpool } from "./run-spool.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(argv: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const { clock, sleep } = kitParts();
  const code = await runSpool(argv, {
    env,
    version: "1.2.3",
    disk: createDirectDisk(),
    stdout: async (text) => {
      stdout += text;
      return Promise.resolve();
    },
    stderr: (text) => {
      stderr += text;
    },
    clock,
    sleep,
  });
  return { code, stdout, stderr };
}

/** Thirty events, of which `fast` has all, `slow` has five and a later one; two dead letters of `slow`. */
async function filled(folder: string): Promise<void> {
  await using spool = await openSmall(folder);
  const fast = await spool.cursor("fast", { from: "beginning" });
  const slow = await spool.cursor("slow", { from: "beginning" });
  for (let i = 1; i <= 30; i += 1) await spool.append(recordsOf(`id-${i}`));
  fast.acknowledge(Array.from({ length: 30 }, (_, i) => i + 1));
  slow.acknowledge([1, 2, 3, 4, 5, 9]);
  const letters = await spool.dead("slow");
  for (const id of ["x", "y"]) {
    const bytes = Buffer.from(JSON.stringify({ event: id }));
    await letters.put([{ id, bytes, reason: { why: "too old", attempts: 1, at: 86_400_000 } }]);
  }
}

function linesOf(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}

describe("belfry spool", () => {
  const rows: { what: string; argv: readonly string[]; stderr: string }[] = [
    {
      what: "no command",
      argv: [],
      stderr: "expected one of ls, show, replay, fsck, found nothing",
    },
    {
      what: "an unknown command",
      argv: ["list"],
      stderr: "expected one of ls, show, replay, fsck, found list",
    },
    {
      what: "an option of another command",
      argv: ["ls", "--repair"],
      stderr: "--repair is not one of the options of ls",
    },
    {
      what: "an option that is none",
      argv: ["ls", "--al"],
      stderr: "--al is not one of the options of ls",
    },
    {
      what: "no value",
      argv: ["show", "--from"],
      stderr: "--from: expected SEQUENCE, found nothing",
    },
    { what: "a value too many", argv: ["ls", "--json=1"], stderr: "--json takes no value" },
    {
      what: "a sequence that is none",
      argv: ["show", "--from", "0"],
      stderr: "--from: expected a number above 0, found 0",
    },
    { what: "a word too many", argv: ["ls", "all"], stderr: "expected an option, found all" },
    {
      what: "a replay of nobody's",
      argv: ["replay", "all"],
      stderr: "--sink is needed: whose dead letters?",
    },
    {
      what: "a replay of nothing",
      argv: ["replay", "--sink", "a"],
      stderr: "expected all|SEQUENCE…, found nothing",
    },
    {
      what: "a replay of what is none",
      argv: ["replay", "--sink", "a", "1", "all"],
      stderr: "expected all|SEQUENCE…, found all",
    },
  ];
  for (const { what, argv, stderr } of rows) {
    it(`${what}: one line, and 2`, async () => {
      assert.deepEqual(await run(argv), {
        code: 2,
        stdout: "",
        stderr: `belfry spool: ${stderr}\n`,
      });
    });
  }

  it("says which folder is not there", async () => {
    const { code, stderr } = await run(["ls"], { SPOOL_DIR: "/nowhere/spool" });
    assert.deepEqual([code, stderr], [1, "belfry spool: /nowhere/spool does not exist\n"]);
  });

  it("lists segments and sinks", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    const { code, stdout } = await run(["ls", "--json", "--spool-dir", folder.path]);
    assert.equal(code, 0);
    const { segments, sinks } = JSON.parse(stdout) as Record<string, Record<string, unknown>[]>;
    assert.equal(segments?.at(-1)?.["lastSequence"], 30);
    assert.deepEqual(
      sinks?.map(({ oldestAt, ...one }) => [one, oldestAt !== null]),
      [
        [{ sink: "fast", place: 30, waiting: 0, deadLetters: 0 }, false],
        [{ sink: "slow", place: 5, waiting: 24, deadLetters: 2 }, true],
      ],
    );
    const text = (await run(["ls", "--spool-dir", folder.path])).stdout;
    assert.match(text, /^fast +30 +0 +0$/m);
    assert.match(text, /^slow +5 +24 +\d+ s +2$/m);
  });

  it("shows events of a range, and dead letters with their reason", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    const env = { BELFRY_SIDECAR_SPOOL_DIR: folder.path };
    const { stdout } = await run(["show", "--from", "27", "--to", "29", "--limit", "2"], env);
    assert.deepEqual(
      linesOf(stdout).map((one) => [Object(one).sequence, Object(one).id, Object(one).event]),
      [
        [27, "id-27", { event: "id-27" }],
        [28, "id-28", { event: "id-28" }],
      ],
    );
    const letters = linesOf((await run(["show", "--sink", "slow"], env)).stdout);
    assert.deepEqual(letters[0], {
      sequence: 1,
      at: "1970-01-02T00:00:00.000Z",
      id: "x",
      why: "too old",
      attempts: 1,
      event: { event: "x" },
    });
    assert.equal(letters.length, 2);
  });

  it("shows what is behind a damaged piece, too", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    damage(folder.path);
    const { stdout } = await run(["show", "--spool-dir", folder.path]);
    const sequences = linesOf(stdout).map((one) => Number(Object(one).sequence));
    assert.equal(sequences.at(-1), 30);
    assert.ok(sequences.length < 30 && sequences.length > 20, String(sequences));
  });

  it("puts dead letters back, for their sink alone", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    const env = { SPOOL_DIR: folder.path };
    assert.equal(
      (await run(["replay", "--sink", "fats", "all"], env)).stderr,
      "belfry spool: fats has no dead letters; there are those of slow\n",
    );
    const one = await run(["replay", "--sink", "slow", "2"], env);
    assert.deepEqual(
      [one.code, one.stdout],
      [0, "1 dead letters of slow wait to be delivered again\n"],
    );
    assert.equal((await run(["replay", "--sink", "slow", "2"], env)).code, 1);
    assert.equal((await run(["replay", "--sink", "slow", "all"], env)).code, 0);
    const [first, second] = linesOf((await run(["show", "--from", "31"], env)).stdout);
    assert.deepEqual([Object(first).id, Object(first).only_for], ["y", "slow"]);
    assert.equal(Object(second).id, "x");
    assert.equal((await run(["show", "--sink", "slow"], env)).stdout, "");
  });

  it("finds damage (3), and sets it aside when told to", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    const env = { SPOOL_DIR: folder.path };
    const whole = await run(["fsck"], env);
    assert.deepEqual([whole.code, whole.stdout.split("\n").at(-2)], [0, "everything is whole"]);
    damage(folder.path);
    const damaged = await run(["fsck"], env);
    assert.equal(damaged.code, 3);
    assert.match(damaged.stdout, /\.seg: bytes \d+ to \d+ are no record$/m);
    const repaired = await run(["fsck", "--repair"], env);
    assert.deepEqual(
      [repaired.code, repaired.stdout.split("\n").at(-2)],
      [0, "what was damaged is set aside in damaged/"],
    );
    // What is missing stays missing, and said; nothing is damaged any more.
    const { logs } = JSON.parse((await run(["fsck", "--json"], env)).stdout) as {
      logs: { segments: { damage: unknown[] }[] }[];
    };
    assert.ok(logs.every(({ segments }) => segments.every((one) => one.damage.length === 0)));
  });

  it("looks at a spool that is used and says so; changes only one that is not", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    await using _spool = await openSmall(folder.path);
    const env = { SPOOL_DIR: folder.path };
    for (const argv of [["ls"], ["show"], ["fsck"]]) {
      const { code, stderr } = await run(argv, env);
      assert.equal(code, 0);
      assert.match(stderr, /is in use by process \d+: figures are of a moment ago/);
    }
    for (const argv of [
      ["replay", "--sink", "slow", "all"],
      ["fsck", "--repair"],
    ]) {
      const { code, stderr } = await run(argv, env);
      assert.equal(code, 1);
      assert.match(stderr, /is in use by process \d+: stop the sidecar first/);
    }
  });
});

/** Breaks the second record of the first segment that has three. */
function damage(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".seg"))) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    const ids = [...bytes.toString("latin1").matchAll(/"event":"id-/g)];
    if (ids.length < 3) continue;
    bytes[ids[1]?.index ?? 0] = 0;
    writeFileSync(path, bytes);
    return;
  }
  assert.fail("no segment has three records");
}
