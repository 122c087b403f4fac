import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { noLog, retention } from "../contract/fixtures.ts";
import { createStore } from "../open.ts";
import { storeContract } from "../store.contract.ts";
import { openForWriting } from "./file.ts";
import { sqliteMigrationScope } from "./transaction.ts";

let folder = "";
let files = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-store-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const createDatabase = (): Promise<string> => {
  files += 1;
  return Promise.resolve(join(folder, `${files}.db`));
};

storeContract({
  engine: "sqlite",
  createDatabase,
  openScope(file) {
    const database = openForWriting(file);
    return Promise.resolve({
      scope: sqliteMigrationScope(database),
      async [Symbol.asyncDispose]() {
        database.close();
        await Promise.resolve();
      },
    });
  },
  open: async (database) =>
    createStore({ database: database ?? (await createDatabase()), retention }, { log: noLog }),
});
