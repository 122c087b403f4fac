import { after, before } from "node:test";
import { startPostgres, type Postgres } from "../../../../../test/kit/postgres.ts";
import { retention } from "../contract/fixtures.ts";
import { createStore } from "../open.ts";
import { storeContract } from "../store.contract.ts";

let server: Postgres | undefined;

before(async () => {
  server = await startPostgres();
});
after(() => server?.[Symbol.asyncDispose]());

const createDatabase = (): Promise<string> =>
  server?.createDatabase() ?? Promise.reject(new Error("the server has not started"));

storeContract({
  engine: "postgres",
  createDatabase,
  open: async (database) =>
    createStore(
      { database: database ?? (await createDatabase()), retention },
      { log: { info: () => undefined } },
    ),
});
