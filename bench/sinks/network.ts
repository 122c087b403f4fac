/** Sinks that send: to a real hub, and to the fake Elasticsearch; each of them is a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { elkKind } from "../../packages/relay/src/sinks/elk/kind.ts";
import { hubKind, localApiKind } from "../../packages/relay/src/sinks/hub/kind.ts";
import { startHub } from "../../test/kit/hub.ts";
import type { BenchRow } from "../report.ts";
import { drain } from "./drain.ts";

/** Rows of `hub`, `local_api` and `elk`. */
export async function measureNetwork(records: number): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { what, kind } of [
    { what: "hub, to a real one with SQLite", kind: hubKind },
    { what: "local_api, to a real hub with SQLite", kind: localApiKind },
  ]) {
    await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
    rows.push(...(await drain({ what, kind, config: { base_url: hub.url }, records })));
  }
  await using search = await startSearch();
  for (const compression of ["gzip", "none"]) {
    const config = { elasticsearch_url: search.url, compression, index_prefix: compression };
    const what = `elk, ${compression}, to a fake that checks everything`;
    rows.push(...(await drain({ what, kind: elkKind, config, records })));
  }
  return rows;
}

async function startSearch(): Promise<AsyncDisposable & { readonly url: string }> {
  const program = fileURLToPath(new URL("./elasticsearch.ts", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const printed = once(createInterface(child.stdout), "line");
  const [url]: unknown[] = await Promise.race([printed, exited]);
  if (typeof url !== "string") throw new Error("the fake Elasticsearch did not start");
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}
