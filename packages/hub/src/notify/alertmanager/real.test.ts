/** The channel and the real Alertmanager, where the machine has one (Debian's package prometheus-alertmanager). */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openChannel } from "../channel.contract.ts";
import { hostileTexts, incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { alertmanagerKind } from "./kind.ts";

const program = ["prometheus-alertmanager", "alertmanager"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
const skip = program === undefined ? "this machine has no prometheus-alertmanager" : false;

interface RealAlertmanager extends AsyncDisposable {
  readonly url: string;
  /** Labels of the alerts that fire at present. */
  firing(): Promise<readonly Readonly<Record<string, string>>[]>;
}

async function startReal(): Promise<RealAlertmanager> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-alertmanager-"));
  const config = join(folder, "alertmanager.yml");
  await writeFile(config, "route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n");
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(program ?? "", [
    `--config.file=${config}`,
    `--storage.path=${join(folder, "data")}`,
    `--web.listen-address=${url.slice("http://".length)}`,
    "--cluster.listen-address=",
  ]);
  const ended = once(child, "exit");
  const until = performance.now() + 30_000;
  while (!(await isReady(url))) {
    assert.equal(child.exitCode, null, "it ended");
    assert.ok(performance.now() < until, "it does not become ready");
    await sleep(50);
  }
  return {
    url,
    async firing() {
      const answer = await fetch(`${url}/api/v2/alerts`);
      const alerts = (await answer.json()) as { labels: Record<string, string> }[];
      return alerts.map(({ labels }) => labels);
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("the real Alertmanager", { skip }, () => {
  it("takes alerts, whatever they say, and ends those that are over", async () => {
    await using alertmanager = await startReal();
    await using channel = openChannel(alertmanagerKind, { urls: [alertmanager.url] });
    const openedAt = Date.now() - 60_000;
    const incidents = [
      incidentOf({ openedAt }),
      ...hostileTexts.map((text) =>
        incidentOf({ openedAt, title: text, message: text, cause: text, labels: { [text]: text } }),
      ),
    ];
    const notice = noticeOf({ incidents });
    for (let i = 0; i < 2; i += 1) {
      const { result } = await channel.send(notice, AbortSignal.timeout(10_000));
      assert.deepEqual(result, { kind: "sent" });
      const firing = await alertmanager.firing();
      assert.deepEqual(
        new Set(firing.map(({ incident }) => incident)),
        new Set(incidents.map(({ id }) => id)),
      );
      assert.equal(firing.length, incidents.length);
    }
    const [first, ...others] = incidents;
    assert.ok(first !== undefined);
    const milder = { ...first, severity: "info" } as const;
    const changed = noticeOf({ kind: "changed", incidents: [milder] });
    assert.equal((await channel.send(changed, AbortSignal.timeout(10_000))).result.kind, "sent");
    const firing = await alertmanager.firing();
    assert.equal(firing.length, incidents.length);
    const told = firing.find(({ incident }) => incident === first.id);
    assert.equal(told?.["severity"], "info");

    const over = resolvedOf({ ...notice, incidents: [milder, ...others] });
    const resolved = over.incidents.map((one) => ({ ...one, resolvedAt: Date.now() - 1_000 }));
    const { result } = await channel.send(
      { ...over, incidents: resolved },
      AbortSignal.timeout(10_000),
    );
    assert.deepEqual(result, { kind: "sent" });
    assert.deepEqual(await alertmanager.firing(), []);
  });
});
