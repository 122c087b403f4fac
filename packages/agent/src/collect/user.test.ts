import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { fileTree } from "./file-tree.kit.ts";
import { user } from "./user.ts";
import { parseUtmp } from "./utmp.ts";

interface Entry {
  readonly type: number;
  readonly user?: string;
  readonly line?: string;
  readonly host?: string;
  readonly seconds?: number;
}

/** Records as glibc lays them out: 384 bytes on x86-64, 400 on ARM64. */
function utmp(size: 384 | 400, entries: readonly Entry[]): Buffer {
  return Buffer.concat(
    entries.map(({ type, user: name = "", line = "", host = "", seconds = 1_795_264_200 }) => {
      const record = Buffer.alloc(size);
      record.writeInt16LE(type, 0);
      record.writeInt32LE(4711, 4);
      record.write(line, 8, 32);
      record.write(name, 44, 32);
      record.write(host, 76, 256);
      if (size === 384) record.writeInt32LE(seconds, 340);
      else record.writeBigInt64LE(BigInt(seconds), 344);
      return record;
    }),
  );
}

const entries: readonly Entry[] = [
  { type: 2, user: "reboot", line: "~", host: "6.1.0-18-amd64" },
  { type: 6, user: "LOGIN", line: "tty1" },
  { type: 7, user: "ada", line: "pts/0", host: "2001:db8::7" },
  { type: 7, user: "a".repeat(32), line: "tty2" },
  { type: 8, user: "", line: "pts/3" },
];

for (const size of [384, 400] as const)
  test(`reads who is logged in from records of ${size} bytes`, () => {
    const since = "2026-11-21T12:30:00.000Z";
    assert.deepEqual(parseUtmp(utmp(size, entries)), [
      { name: "ada", terminal: "pts/0", from: "2001:db8::7", since },
      { name: "a".repeat(32), terminal: "tty2", since },
    ]);
  });

test("bytes in neither layout are nobody", () => {
  assert.deepEqual(parseUtmp(Buffer.alloc(0)), []);
  assert.deepEqual(parseUtmp(Buffer.alloc(383)), []);
  assert.deepEqual(parseUtmp(Buffer.alloc(384, "x")), []);
});

test("control characters in a name do not reach a page", () => {
  const bytes = utmp(384, [{ type: 7, user: "a\u001b[31mb\u202e", line: "pts/0" }]);
  assert.equal(parseUtmp(bytes)[0]?.name, "a[31mb");
});

test("counts people from utmp", async () => {
  using tree = fileTree();
  tree.write("/run/utmp", utmp(384, [...entries, { type: 7, user: "ada", line: "pts/1" }]));
  using trial = new Trial(user, tree.root);
  assert.deepEqual(await trial.round(), { belfry_host_users: 2, belfry_host_logins: 3 });
});

test("without utmp asks logind's sessions; greeters, managers and closing ones are nobody", async () => {
  using tree = fileTree("user/sessions.txt");
  using trial = new Trial(user, tree.root);
  const values = await trial.round();
  assert.equal(values["belfry_host_users"], 1);
  assert.equal(values["belfry_host_logins"], 2);
  const session = (seat: string, remote: boolean, type: string, kind: string): string =>
    `node_logind_sessions{seat="${seat}",remote="${remote}",type="${type}",class="${kind}"}`;
  assert.equal(values[session("seat0", false, "wayland", "user")], 1);
  assert.equal(values[session("", true, "tty", "user")], 2);
  assert.equal(values[session("seat0", false, "x11", "greeter")], 1);
  assert.deepEqual(trial.facts.users, [
    { name: "ada", terminal: "tty2", since: "2026-11-21T12:30:00.123Z" },
    { name: "ada", from: "2001:db8::7", since: "2026-11-21T13:30:00.000Z" },
  ]);
});

test("where neither is there nothing is known, and where logind is and nobody is in there are 0", async () => {
  using tree = fileTree();
  using trial = new Trial(user, tree.root);
  assert.deepEqual(await trial.round(), {});
  assert.equal(trial.facts.users, undefined);
  tree.write("/run/systemd/seats/seat0", "IS_SEAT0=1\n");
  assert.deepEqual(await trial.round(), { belfry_host_users: 0, belfry_host_logins: 0 });
});
