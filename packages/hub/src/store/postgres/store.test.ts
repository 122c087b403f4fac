import { after, before } from "node:test";
import { startPostgres, type Postgres } from "../../../../../test/kit/postgres.ts";
import { noLog, retention } from "../contract/fixtures.ts";
import { createStore } from "../open.ts";
import { storeContract } from "../store.contract.ts";
import { connectPostgres, postgresMigrationScope } from "./connection.ts";

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
  async openScope(url) {
    const connection = await connectPostgres(url, 1);
    return {
      scope: postgresMigrationScope(connection.db),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  },
  open: async (database) =>
    createStore({ database: database ?? (await createDatabase()), retention }, { log: noLog }),
});
