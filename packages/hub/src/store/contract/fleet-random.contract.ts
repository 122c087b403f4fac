/** Processes that join, renew, fall silent, give up shares and leave in any order, against what must hold at all times. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { sql } from "kysely";
import { kindOfShare, type ProcessId, type ShareName } from "../../model/fleet.ts";
import type { Store } from "../port.ts";
import { changeOf, type ContractStores } from "./fixtures.ts";
import { join, renew } from "./fleet-fixtures.ts";

const holds = [["check", "hear", "duty"], ["check"]] as const;

type Action =
  | { readonly kind: "join"; readonly holds: (typeof holds)[number] }
  | { readonly kind: "renew"; readonly who: number; readonly lagSeconds: number }
  | { readonly kind: "release"; readonly who: number; readonly every: number }
  | { readonly kind: "silence"; readonly who: number }
  | { readonly kind: "leave"; readonly who: number }
  | { readonly kind: "commit"; readonly who: number };

const who = fc.nat(5);
const renewing = fc.record({
  kind: fc.constant("renew"),
  who,
  lagSeconds: fc.constantFrom(0, 2, 9),
});
const releasing = fc.record({
  kind: fc.constant("release"),
  who,
  every: fc.integer({ min: 1, max: 9 }),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constant("join"), holds: fc.constantFrom(...holds) }),
    weight: 1,
  },
  { arbitrary: renewing, weight: 6 },
  { arbitrary: releasing, weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant("silence"), who }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant("leave"), who }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant("commit"), who }), weight: 2 },
);
const beginning: readonly Action[] = [0, 1, 2].map(() => ({ kind: "join", holds: holds[0] }));

/** What is known of a process by what was done. */
interface Expected {
  readonly id: ProcessId;
  readonly mayHold: readonly string[];
  /** `silent`: its lease has ended, and the next renewal of another takes it for dead. */
  state: "alive" | "silent" | "dead" | "left";
  held: Set<ShareName>;
}

/** Runs where several processes share a database. */
export function fleetRandomContract({ open, createDatabase, openScope }: ContractStores): void {
  describe("a fleet", { concurrency: 1 }, () => {
    let store: Store;
    let scope: Awaited<ReturnType<typeof openScope>>;
    before(async () => {
      const database = await createDatabase();
      store = await open(database);
      scope = await openScope(database);
    });
    after(async () => {
      await scope[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    /** As if it had not renewed for long. */
    const silence = (id: ProcessId): Promise<unknown> =>
      scope.scope.transaction((schema) =>
        sql`update process set until = 1 where id = ${id}`.execute(schema),
      );

    async function act(all: Expected[], one: Action): Promise<void> {
      if (one.kind === "join") {
        const id = await join(store, { holds: [...one.holds] });
        all.push({ id, mayHold: one.holds, state: "alive", held: new Set() });
        return;
      }
      const process = all[one.who % all.length];
      if (process === undefined) return;
      const isOver = process.state === "dead" || process.state === "left";
      switch (one.kind) {
        case "renew": {
          const renewal = await renew(store, process.id, {
            leaseMs: 1,
            lagSeconds: one.lagSeconds,
          });
          assert.equal(renewal.alive, !isOver);
          if (isOver) return;
          // It lasts: tests end leases by themselves.
          await scope.scope.transaction((schema) =>
            sql`update process set until = 9e15 where id = ${process.id}`.execute(schema),
          );
          // Who was late takes nobody for dead.
          if (process.state === "alive") for (const other of all) bury(other);
          process.state = "alive";
          for (const { name } of renewal.taken) process.held.add(name);
          assert.deepEqual(new Set(renewal.held), process.held);
          return;
        }
        case "release": {
          const names = [...process.held].filter((_, i) => i % one.every === 0);
          await store.releaseShares(process.id, names);
          for (const name of names) process.held.delete(name);
          return;
        }
        case "silence":
          if (isOver) return;
          await silence(process.id);
          process.state = "silent";
          return;
        case "leave":
          await store.leaveFleet(process.id);
          if (!isOver) process.state = "left";
          process.held.clear();
          return;
        case "commit":
          assert.equal(
            await store.commit(changeOf({ fence: process.id })),
            isOver ? "fenced" : "stored",
          );
      }
    }

    /** A renewal of another found that its lease had ended. */
    function bury(process: Expected): void {
      if (process.state !== "silent") return;
      process.state = "dead";
      process.held.clear();
    }

    test("never has a share twice, none at a process that is over, and refuses those", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40 }), async (actions) => {
          const all: Expected[] = [];
          for (const one of [...beginning, ...actions]) {
            await act(all, one);
            const held = all.flatMap((process) => [...process.held]);
            assert.equal(new Set(held).size, held.length, "a share is held twice");
          }
          const members = new Map((await store.members()).map((member) => [member.id, member]));
          for (const { id, mayHold, state, held } of all) {
            const member = members.get(id);
            assert.equal(member?.lapsedAt !== null, state === "dead");
            assert.equal(member?.leftAt !== null, state === "left");
            const of = (kind: string) => [...held].filter((name) => kindOfShare(name) === kind);
            assert.deepEqual(member?.shares, {
              check: of("check").length,
              hear: of("hear").length,
            });
            assert.equal(member.duties.length, of("duty").length);
            assert.ok([...held].every((name) => mayHold.includes(kindOfShare(name))));
            await store.leaveFleet(id);
          }
        }),
        { numRuns: 15 },
      );
    });
  });
}
