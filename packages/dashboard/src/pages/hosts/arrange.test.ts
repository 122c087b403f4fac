import assert from "node:assert/strict";
import { test } from "node:test";
import { plainHosts, type HostsView } from "../../route/route.ts";
import { arrange, strainOf } from "./arrange.ts";
import { hostOf } from "./host.kit.ts";

const hosts = [
  hostOf("web-2", {
    labels: { team: "web" },
    figures: { cpu_ratio: 0.95, load1: 1, cores: 2, network_receive_bytes_per_second: 10 },
  }),
  hostOf("web-10", {
    labels: { team: "web", site: "ams" },
    status: "down",
    names: ["web-10", "old-name"],
    figures: { cpu_ratio: 0.99, load1: 3, cores: 8, boot_time: "2020-01-01T00:00:00Z" },
  }),
  hostOf("db-1", {
    labels: { team: "core" },
    figures: {
      cpu_ratio: 0.1,
      fullest_disk_ratio: 0.85,
      temperature_celsius: 40,
      network_transmit_bytes_per_second: 90,
      boot_time: "2026-01-01T00:00:00Z",
    },
  }),
  hostOf("mute"),
];

const cases: readonly (readonly [
  what: string,
  view: Partial<HostsView>,
  names: readonly string[],
])[] = [
  [
    "those in trouble stand first, then those under strain",
    {},
    ["web-10", "web-2", "db-1", "mute"],
  ],
  [
    "names with numbers stand as people count",
    { sort: "name" },
    ["db-1", "mute", "web-2", "web-10"],
  ],
  ["names the other way", { sort: "name", reversed: true }, ["web-10", "web-2", "mute", "db-1"]],
  ["the highest figure stands first", { sort: "cpu" }, ["web-10", "web-2", "db-1", "mute"]],
  [
    "what has no figure stands last either way",
    { sort: "cpu", reversed: true },
    ["db-1", "web-2", "web-10", "mute"],
  ],
  ["load counts against cores", { sort: "load" }, ["web-2", "web-10", "db-1", "mute"]],
  ["traffic counts both ways", { sort: "network" }, ["db-1", "web-2", "mute", "web-10"]],
  ["the longest up stands first", { sort: "uptime" }, ["web-10", "db-1", "mute", "web-2"]],
  ["by temperature", { sort: "temperature" }, ["db-1", "mute", "web-2", "web-10"]],
  ["only of a status", { status: ["down"] }, ["web-10"]],
  ["with a label", { labels: ["site"] }, ["web-10"]],
  ["with a label of a value", { labels: ["team:web"], sort: "name" }, ["web-2", "web-10"]],
  ["with all of the labels", { labels: ["team:core", "site"] }, []],
  ["a label that is a name of every object is none", { labels: ["constructor"] }, []],
  ["words are found in names and labels", { q: "WEB ams" }, ["web-10"]],
  ["words are found in names it had", { q: "old-name" }, ["web-10"]],
];
for (const [what, change, names] of cases) {
  test(what, () =>
    assert.deepEqual(
      arrange(hosts, { ...plainHosts, ...change }).map((host) => host.name),
      names,
    ),
  );
}

test("figures of a host that is not heard from are no strain", () => {
  assert.equal(strainOf(hostOf("a", { figures: { cpu_ratio: 0.99 } })), 10);
  assert.equal(strainOf(hostOf("a", { status: "down", figures: { cpu_ratio: 0.99 } })), 0);
});
