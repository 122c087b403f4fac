/**
 * A process that fills the small disk its database is on, for `disk-full.test.ts`. Says what it saw as one line of JSON.
 *
 *     node disk-full-victim.ts FOLDER
 */
import { rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../model/error.ts";
import {
  changeOf,
  create,
  everything,
  failedCheckOf,
  noLog,
  retention,
} from "../contract/fixtures.ts";
import { createStore } from "../open.ts";

const [, , folder = ""] = process.argv;
const filler = join(folder, "filler");
const database = join(folder, "belfry.db");

const opened = await createStore({ database, retention }, { log: noLog });
const { id } = await create(opened);
const evidence = { body: "x".repeat(4096) };
const { bavail, bsize } = statfsSync(folder);
writeFileSync(filler, Buffer.alloc(bavail * bsize - 400_000));

const acknowledged: number[] = [];
let failure: unknown;
for (let n = 1; failure === undefined && n < 5_000; n += 1) {
  try {
    await opened.commit(
      changeOf({ failedChecks: [failedCheckOf(id, { checkedAt: n, evidence })] }),
    );
    acknowledged.push(n);
  } catch (error) {
    failure = error;
  }
}
const readWhileFull = (await opened.failedChecks(id, everything, 10_000)).length;
rmSync(filler);
await opened.commit(
  changeOf({ failedChecks: [failedCheckOf(id, { checkedAt: 9_999, evidence })] }),
);
acknowledged.push(9_999);
await opened[Symbol.asyncDispose]();

await using store = await createStore({ database, retention }, { log: noLog });
const kept = (await store.failedChecks(id, everything, 10_000)).map((one) => one.checkedAt);
const report = {
  acknowledged: acknowledged.length,
  readWhileFull,
  missing: acknowledged.filter((n) => !kept.includes(n)),
  code: failure instanceof AppError ? failure.code : null,
  detail: failure instanceof AppError ? failure.detail : String(failure),
};
writeSync(1, `${JSON.stringify(report)}\n`);
