import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Host } from "../model/host.ts";
import { createId, type HostId } from "../model/id.ts";
import { HostIdentities } from "./host-identity.ts";

const deadlineMs = 30_000;

interface Trial {
  readonly identities: HostIdentities;
  readonly changed: HostId[];
  readonly pass: (ms: number) => void;
  readonly now: () => number;
  /** `machine boot name` as one word each; answers whose it is. */
  readonly batch: (text: string) => HostId;
  readonly post: (name: string) => HostId;
}

function trial(): Trial {
  const changed: HostId[] = [];
  let now = 0;
  const identities = new HostIdentities({
    newId: () => createId<"monitor">(1),
    deadlineOf: () => deadlineMs,
    onChanged: (id) => changed.push(id),
  });
  return {
    identities,
    changed,
    pass: (ms) => void (now += ms),
    now: () => now,
    batch: (text) => {
      const [machineId = "", bootId = "", name = ""] = text.split(" ");
      return identities.ofBatch({ machineId, bootId, name }, now).known.id;
    },
    post: (name) => identities.ofPost(name, now).known.id,
  };
}

/** What happens, with letters for whose it is: the same letter is the same host. `5s` passes time. */
const table: readonly { title: string; happens: string; whose: string }[] = [
  { title: "one machine is one host", happens: "m b web; m b web", whose: "AA" },
  { title: "machines are told apart by their ids", happens: "m b web; n c web", whose: "AB" },
  { title: "a reboot changes nothing", happens: "m b web; m c web; m c web", whose: "AAA" },
  { title: "a new name changes nothing", happens: "m b web; m b db; m b db", whose: "AAA" },
  { title: "posts under one name are one host's", happens: "+web; +db; +web", whose: "ABA" },
  { title: "an agent adopts who only posted", happens: "+web; m b web; +web", whose: "AAA" },
  { title: "only the first agent adopts", happens: "+web; m b web; n c web", whose: "AAB" },
  { title: "a post belongs to who has the name", happens: "m b web; +web", whose: "AA" },
  { title: "also to who had it before", happens: "m b web; m b db; +web", whose: "AAA" },
  {
    title: "a name goes to who says it once its former holder says another",
    happens: "m b web; m b db; n c web; +web; +db",
    whose: "AABBA",
  },
  {
    title: "a name stays with who is heard as well",
    happens: "m b web; n c web; +web; m b web; n c web; +web",
    whose: "ABAABA",
  },
  {
    title: "a name goes to who says it once its former holder is silent",
    happens: "m b web; 31s; n c web; +web",
    whose: "ABB",
  },
  {
    title: "two that are heard by turns are clones",
    happens: "m b web; m c db; m b web; m c db; m b web; m c db",
    whose: "AAABAB",
  },
  {
    title: "clones are told apart after a reboot by their names",
    happens: "m b web; m c db; m b web; m c db; 40s; m d db; m e web; +db; +web",
    whose: "AAABBABA",
  },
  {
    title: "clones with one name are told apart by their boots",
    happens: "m b web; m c web; m b web; m c web; m c web; m b web",
    whose: "AAABBA",
  },
  {
    title: "a clone with the same name is known again after a reboot",
    happens:
      "m b web; m c web; m b web; m c web; 3s; m b web; m d web; m b web; m d web; m b web; m d web",
    whose: "AAABAAABAB",
  },
  {
    title: "a third clone is a third host",
    happens:
      "m b web; m c web; m b web; m c web; 1s; m d web; m c web; m b web; m d web; m c web; m b web; m d web",
    whose: "AAABABACBAC",
  },
  {
    title: "turns that are longer than the deadline are none",
    happens: "m b web; 31s; m c db; 31s; m b web; 31s; m c db",
    whose: "AAAA",
  },
  {
    title: "containers of one machine are told apart by their names",
    happens: "m b web; m b db; m b web; m b db; m b web; m b db",
    whose: "AAABAB",
  },
];

function play(happens: string, on: Trial): string {
  const letters = new Map<HostId, string>();
  let whose = "";
  for (const step of happens.split("; ")) {
    const seconds = /^(\d+)s$/.exec(step)?.[1];
    if (seconds !== undefined) on.pass(Number(seconds) * 1000);
    else {
      on.pass(1000);
      const id = step.startsWith("+") ? on.post(step.slice(1)) : on.batch(step);
      if (!letters.has(id)) letters.set(id, String.fromCharCode(65 + letters.size));
      whose += letters.get(id);
    }
  }
  return whose;
}

describe("whose samples are", () => {
  for (const { title, happens, whose } of table) {
    test(title, () => assert.equal(play(happens, trial()), whose));
  }

  test("an id with a slash is nobody's clone", () => {
    const on = trial();
    assert.notEqual(on.batch("m b web"), on.batch("m/web c db"));
  });

  test("a host that is loaded is known again, and clones stay apart", () => {
    const on = trial();
    play("m b web; m c web; m b web; m c web", on);
    const ids = [on.batch("m b web"), on.batch("m c web")];
    const again = trial();
    for (const id of ids) {
      const known = on.identities.get(id);
      assert.ok(known);
      again.identities.load({
        ...known,
        agentVersion: "1",
        intervalMs: 5000,
        agentLabels: {},
        nameIsChosen: false,
        silentAfterMs: null,
        retentionMs: null,
        lastHeardAt: null,
        createdAt: 1,
      });
    }
    assert.deepEqual(
      [again.batch("m b web"), again.batch("m c web"), again.post("web")],
      [ids[0], ids[1], ids[0]],
    );
  });

  test("a host that was removed is a new one when it is heard again, and its names are free", () => {
    const on = trial();
    const first = on.batch("m b web");
    on.identities.remove(first);
    assert.equal(on.identities.byName("web"), undefined);
    assert.notEqual(on.batch("m b web"), first);
  });

  test("at most ten names are kept of a host", () => {
    const on = trial();
    let id: HostId | undefined;
    for (let n = 0; n < 30; n += 1) id = on.batch(`m b${n} name-${n}`);
    const names = id === undefined ? [] : on.identities.get(id)?.names;
    assert.equal(names?.length, 10);
    assert.equal(names?.[0], "name-29");
    assert.equal(on.identities.byName("name-3"), undefined);
  });
});

/** The same rules in a few lines, without clones: who has which names, who is which machine. */
class Model {
  readonly #machines = new Map<string, number>();
  readonly #posted = new Map<string, number>();
  /** Names of each host, the present one first. */
  readonly #names: string[][] = [];
  readonly #isMachine = new Set<number>();
  readonly #heardMs = new Map<number, number>();

  batch(machine: string, name: string, now: number): number {
    const holder = this.#holder(name);
    let host = this.#machines.get(machine);
    if (host === undefined) {
      host = holder !== undefined && !this.#isMachine.has(holder) ? holder : this.#make();
      this.#machines.set(machine, host);
      this.#isMachine.add(host);
      for (const [posted, one] of this.#posted) if (one === host) this.#posted.delete(posted);
    }
    this.#heardMs.set(host, now);
    const isTaken =
      holder !== undefined &&
      holder !== host &&
      this.#names[holder]?.[0] === name &&
      this.#isMachine.has(holder) &&
      now - (this.#heardMs.get(holder) ?? Number.NEGATIVE_INFINITY) <= deadlineMs;
    if (!isTaken) this.#give(host, name);
    return host;
  }

  post(name: string): number {
    const holder = this.#holder(name);
    if (holder !== undefined) return holder;
    const host = this.#posted.get(name) ?? this.#make();
    this.#posted.set(name, host);
    this.#give(host, name);
    return host;
  }

  #make(): number {
    return this.#names.push([]) - 1;
  }

  #holder(name: string): number | undefined {
    const host = this.#names.findIndex((names) => names.includes(name));
    return host === -1 ? undefined : host;
  }

  #give(host: number, name: string): void {
    this.#names.forEach((names, one) => {
      const others = names.filter((other) => other !== name);
      this.#names[one] = one === host ? [name, ...others] : others;
    });
  }
}

const machineArb = fc.constantFrom("m1", "m2", "m3");
const nameArb = fc.constantFrom("a", "b", "c", "d");
const actionArb = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("hear" as const), machine: machineArb }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("reboot" as const), machine: machineArb }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("rename" as const),
      machine: machineArb,
      name: nameArb,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("post" as const), name: nameArb }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(40_000) }) },
);
type Action = typeof actionArb extends fc.Arbitrary<infer A> ? A : never;

/** Plays actions on the real thing and tells each answer. */
function runActions(
  actions: readonly Action[],
  tell: (action: Action, id: HostId, says: { machine: string; name: string }, now: number) => void,
  on: Trial,
): void {
  const machines = new Map(
    ["m1", "m2", "m3"].map((m, i) => [m, { boot: 0, name: "abc"[i] ?? "" }]),
  );
  let now = 0;
  let boots = 0;
  for (const action of actions) {
    if (action.kind === "pass") {
      now += action.ms;
      on.pass(action.ms);
    } else if (action.kind === "post") {
      tell(action, on.post(action.name), { machine: "", name: action.name }, now);
    } else {
      const machine = machines.get(action.machine);
      assert.ok(machine);
      // A name that comes back comes with another boot: else it would be a clone's.
      if (action.kind !== "hear") machine.boot = boots += 1;
      if (action.kind === "rename") machine.name = action.name;
      const { boot, name } = machine;
      const id = on.batch(`${action.machine} ${boot} ${name}`);
      tell(action, id, { machine: action.machine, name }, now);
    }
  }
}

describe("whatever happens", () => {
  test("a machine is always the same host, and as a simple model says whose a post is", () => {
    fc.assert(
      fc.property(fc.array(actionArb, { maxLength: 60 }), (actions) => {
        const on = trial();
        const model = new Model();
        const idOf = new Map<number, HostId>();
        runActions(
          actions,
          (action, id, { machine, name }, now) => {
            const expected =
              action.kind === "post" ? model.post(name) : model.batch(machine, name, now);
            const known = idOf.get(expected);
            if (known === undefined) {
              assert.ok(![...idOf.values()].includes(id), "a new host has an id of its own");
              idOf.set(expected, id);
            } else assert.equal(id, known);
          },
          on,
        );
      }),
      { numRuns: 500 },
    );
  });

  test("a name is one host's, and leads to it", () => {
    fc.assert(
      fc.property(fc.array(actionArb, { maxLength: 60 }), (actions) => {
        const on = trial();
        const ids = new Set<HostId>();
        runActions(actions, (_, id) => ids.add(id), on);
        const held = [...ids].flatMap((id) =>
          (on.identities.get(id)?.names ?? []).map((name) => ({ id, name })),
        );
        assert.equal(new Set(held.map(({ name }) => name)).size, held.length);
        for (const { id, name } of held) assert.equal(on.identities.byName(name)?.id, id);
      }),
      { numRuns: 300 },
    );
  });

  test("two clones with names of their own end as two hosts and stay so over reboots", () => {
    const stepArb = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("x", "y") },
      { weight: 1, arbitrary: fc.constantFrom("reboot x", "reboot y") },
    );
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 40 }), (steps) => {
        const on = trial();
        const boots = { x: 0, y: 1 };
        let next = 2;
        const hear = (who: "x" | "y"): HostId => {
          on.pass(1000);
          return on.batch(`m ${boots[who]} ${who}`);
        };
        for (const who of ["x", "y", "x", "y"] as const) hear(who);
        const own = { x: hear("x"), y: hear("y") };
        assert.notEqual(own.x, own.y);
        for (const step of steps) {
          const who = step.endsWith("x") ? "x" : "y";
          if (step.startsWith("reboot")) boots[who] = next += 1;
          assert.equal(hear(who), own[who]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("what another hub keeps of hosts", () => {
  const keptOf = (over: Partial<Host>): Host => ({
    id: createId<"monitor">(2),
    identity: "machine:m",
    names: ["web"],
    bootId: "b",
    agentVersion: "1",
    intervalMs: 5000,
    agentLabels: {},
    nameIsChosen: false,
    silentAfterMs: null,
    retentionMs: null,
    clonedFrom: null,
    lastHeardAt: null,
    createdAt: 1,
    ...over,
  });

  test("is known from then on, and nobody is told", () => {
    const { identities, changed, batch, post } = trial();
    const host = keptOf({ names: ["web", "www"] });
    assert.equal(identities.knowsMachine("m"), false);
    identities.follow([host], 0);
    assert.ok(identities.knowsMachine("m") && identities.knowsName("www"));
    assert.deepEqual([batch("m b web"), post("www")], [host.id, host.id]);
    assert.deepEqual(changed, []);
  });

  test("goes before what is known here: names, and the identity of who adopted a host", () => {
    const { identities, batch, post } = trial();
    const posted = post("web");
    const other = batch("n b db");
    assert.equal(batch("m b web"), posted, "adopted here");
    const heir = keptOf({ names: ["db"] });
    identities.follow([heir, keptOf({ id: posted, identity: "name:web", bootId: null })], 0);
    assert.equal(post("db"), heir.id);
    assert.equal(post("web"), posted);
    assert.equal(batch("m b web"), heir.id);
    assert.equal(batch("n b x"), other);
  });

  test("gives up a name that a host has here and not there", () => {
    const { identities, batch, post } = trial();
    const id = batch("m b web");
    batch("m b db");
    identities.follow([keptOf({ id, names: ["db"] })], 0);
    assert.notEqual(post("web"), id);
  });

  /** `=b web` is what the other hub last heard of the host, everything else as above. */
  const clones: readonly { title: string; happens: string; hosts: number }[] = [
    {
      title: "a machine that is heard elsewhere by turns with the own one is a clone",
      happens: "m b web; =c db; m b web; =c db; m b web",
      hosts: 2,
    },
    {
      title: "what was heard before a reboot and is written late makes no clone",
      happens: "m b web; m c web; =b web; m c web; m c web; m c web",
      hosts: 1,
    },
    {
      title: "a reboot that the other hub heard first makes none",
      happens: "m b web; =c web; m c web; m c web; =c web; m c web",
      hosts: 1,
    },
  ];
  for (const { title, happens, hosts } of clones) {
    test(title, () => {
      const { identities, batch, pass, now } = trial();
      const ids = new Set<HostId>();
      let id: HostId | undefined;
      for (const step of happens.split("; ")) {
        pass(1000);
        if (step.startsWith("=") && id !== undefined) {
          const [bootId = "", name = ""] = step.slice(1).split(" ");
          identities.follow([keptOf({ id, bootId, names: [name] })], now());
        } else ids.add((id = batch(step)));
      }
      assert.equal(ids.size, hosts);
    });
  }
});
