import assert from "node:assert/strict";
import { test } from "node:test";
import { signal, type Signal } from "@preact/signals";
import type { HostView } from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import type { Reply } from "../../api/failure.ts";
import type { Live, LiveListener } from "../../live/stream.ts";
import { plainHosts, type HostsView } from "../../route/route.ts";
import { createHostList, type HostList } from "./host-list-model.ts";
import { hostOf } from "./host.kit.ts";
import { stopClock } from "../../live/clock.kit.ts";

/** Stands for the hub: gives its hosts on pages of two, and says what a test has it say. */
class Hub {
  hosts: HostView[];
  isDown = false;
  asked = 0;
  readonly lines: string[] = [];
  readonly watched: (string | readonly string[])[] = [];
  #listener: LiveListener = {};

  constructor(hosts: HostView[]) {
    this.hosts = hosts;
  }

  readonly client: Pick<Client, "hosts" | "hostSparklines"> = {
    hosts: (cursor): Promise<Reply<Page<HostView>>> => {
      this.asked += 1;
      if (this.isDown) {
        return Promise.resolve({ kind: "failed", failure: { kind: "unreachable" } });
      }
      const from = cursor === null ? 0 : Number(cursor);
      const next_cursor = from + 2 < this.hosts.length ? String(from + 2) : null;
      const items = this.hosts.slice(from, from + 2);
      return Promise.resolve({ kind: "ok", value: { items, next_cursor } });
    },
    hostSparklines: (ids) => {
      this.lines.push(ids.join());
      const items = ids.map((id) => ({ id, cpu: [0.5], memory: [null], network: [] }));
      return Promise.resolve({ kind: "ok", value: { step: 60, starts_ms: [0], items } });
    },
  };

  readonly live: Pick<Live, "listen" | "watchHosts"> = {
    listen: (listener) => {
      this.#listener = listener;
      return () => void (this.#listener = {});
    },
    watchHosts: (hosts) => void this.watched.push(hosts),
  };

  /** Has the stream say something. */
  say(event: (listener: LiveListener) => void): void {
    event(this.#listener);
  }
}

interface World extends Disposable {
  readonly hub: Hub;
  readonly model: HostList;
  readonly view: Signal<HostsView>;
  names(): string;
  pass(ms: number): Promise<void>;
}

async function begin(hosts: HostView[]): Promise<World> {
  const clock = stopClock();
  const hub = new Hub(hosts);
  const view = signal<HostsView>({ ...plainHosts, sort: "cpu" });
  const { client, live } = hub;
  const model = createHostList({ client, live, view, now: () => Date.now() });
  await clock.pass(0);
  return {
    hub,
    model,
    view,
    names: () => model.ids.value.map((id) => model.row(id)?.value.name).join(),
    pass: (ms) => clock.pass(ms),
    [Symbol.dispose]() {
      model[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
}

const busy = (name: string, cpu: number): HostView => hostOf(name, { figures: { cpu_ratio: cpu } });

test("all pages are fetched, in the order asked for; another order asks nobody", async () => {
  using world = await begin([busy("a", 0.1), busy("b", 0.9), busy("c", 0.5)]);
  assert.equal(world.names(), "b,c,a");
  assert.equal(world.model.total.value, 3);
  assert.deepEqual(world.model.counts.value, { up: 3 });
  assert.deepEqual(world.hub.watched, ["all"]);
  const { asked } = world.hub;
  world.view.value = { ...plainHosts, sort: "name", q: "a" };
  assert.equal(world.names(), "a");
  assert.equal(world.hub.asked, asked);
});

test("figures change at once, places a little later", async () => {
  using world = await begin([busy("a", 0.1), busy("b", 0.9)]);
  world.hub.say((live) => live.hosts?.([busy("a", 0.95)]));
  assert.equal(world.model.row("id of a")?.value.figures.cpu_ratio, 0.95);
  assert.equal(world.names(), "b,a");
  await world.pass(3000);
  assert.equal(world.names(), "a,b");
});

test("nothing changes places under a pointer", async () => {
  using world = await begin([busy("a", 0.1), busy("b", 0.9)]);
  world.model.hold(true);
  world.hub.say((live) => live.hosts?.([busy("a", 0.95)]));
  await world.pass(4000);
  assert.equal(world.names(), "b,a");
  world.model.hold(false);
  assert.equal(world.names(), "a,b");
});

test("a host that is heard for the first time appears, one that was deleted goes", async () => {
  using world = await begin([busy("a", 0.1)]);
  world.hub.say((live) => live.hosts?.([busy("new", 0.5)]));
  assert.equal(world.names(), "new,a");
  assert.equal(world.model.total.value, 2);
  world.hub.hosts = [busy("new", 0.5)];
  world.hub.say((live) => live.monitors?.({ changed: [], deleted: ["id of a"] }));
  await world.pass(500);
  assert.equal(world.names(), "new");
});

test("a failure leaves what was known, and is over with the next answer", async () => {
  using world = await begin([busy("a", 0.1)]);
  world.hub.isDown = true;
  world.model.refresh();
  await world.pass(0);
  assert.deepEqual(world.model.failure.value, { kind: "unreachable" });
  assert.equal(world.names(), "a");
  world.hub.isDown = false;
  world.hub.say((live) => live.reset?.({}));
  await world.pass(0);
  assert.equal(world.model.failure.value, null);
});

test("what is heard before the list is there makes no list", async () => {
  using world = await begin([]);
  world.hub.isDown = true;
  using other = createHostList({
    client: world.hub.client,
    live: world.hub.live,
    view: world.view,
    now: () => Date.now(),
  });
  await world.pass(0);
  world.hub.say((live) => live.hosts?.([busy("a", 0.1)]));
  assert.equal(other.total.value, null);
  assert.deepEqual(other.failure.value, { kind: "unreachable" });
  world.hub.isDown = false;
  world.hub.hosts = [busy("a", 0.1), busy("b", 0.2)];
  other.refresh();
  await world.pass(0);
  assert.deepEqual(other.ids.value, ["id of b", "id of a"]);
});

test("lines are fetched for what is seen, once a minute", async () => {
  using world = await begin([busy("a", 0.1), busy("b", 0.2)]);
  world.model.see(["id of a"]);
  await world.pass(100);
  world.model.see(["id of a", "id of b"]);
  await world.pass(100);
  assert.deepEqual(world.hub.lines, ["id of a", "id of b"]);
  assert.deepEqual(world.model.sparklines.of("id of a").value?.cpu, [0.5]);
  await world.pass(60_000);
  await world.pass(100);
  assert.deepEqual(world.hub.lines.slice(2), ["id of a,id of b"]);
});

test("nobody is watched any more once the list is left", async () => {
  const world = await begin([busy("a", 0.1)]);
  world[Symbol.dispose]();
  assert.deepEqual(world.hub.watched, ["all", []]);
});
