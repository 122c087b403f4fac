/** What a host shows of batches and posts that came to two hubs. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Host } from "../model/host.ts";
import { createId } from "../model/id.ts";
import { readHostNow, writeHostNow } from "./host-now.ts";
import { HostRow } from "./host-row.ts";
import { listOf } from "./host-series.ts";

const host: Host = {
  id: createId(1),
  identity: "name:web",
  names: ["web"],
  bootId: null,
  agentVersion: null,
  intervalMs: null,
  agentLabels: {},
  nameIsChosen: false,
  silentAfterMs: null,
  retentionMs: null,
  clonedFrom: null,
  lastHeardAt: null,
  createdAt: 1,
};
const list = listOf([{ name: "node_load1", labels: {} }]);
const start = 1_700_000_000_000;

const rowOf = (): HostRow => new HostRow(host, "web", 100);

function take(row: HostRow, at: number, value: number, refused = 0): void {
  const [times, values] = [Float64Array.of(at), Float64Array.of(value)];
  row.took({ heardAt: at, list, times, values, present: undefined, refused }, true);
}

describe("a host at two hubs", () => {
  test("shows the newest sample, to whichever it came", () => {
    const [here, there] = [rowOf(), rowOf()];
    take(here, start, 1);
    take(there, start + 1000, 2);
    here.heardElsewhere(there.told("there", false), start + 1000);
    assert.deepEqual([here.figures.load1, here.lastSampleAt], [2, start + 1000]);
    take(here, start + 2000, 3);
    here.heardElsewhere(there.told("there", false), start + 2000);
    assert.deepEqual([here.figures.load1, here.lastHeardAt], [3, start + 2000]);
    assert.equal(here.unseenFrom, start + 1000, "from there on its trend is to be read again");
  });

  test("tells since when the others were told nothing", () => {
    const row = rowOf();
    take(row, start, 1);
    take(row, start - 5000, 1);
    assert.equal(row.told("me", false).from, start - 5000);
    row.untoldFrom = null;
    assert.equal(row.told("me", false).from, null);
  });

  test("says how many samples both refused, for an hour", () => {
    const [here, there] = [rowOf(), rowOf()];
    take(here, start, 1, 1);
    take(there, start, 1, 1);
    here.heardElsewhere(there.told("there", false), start);
    assert.match(here.notices[0]?.message ?? "", /^2 samples were refused/);
    take(here, start + 3_700_000, 1);
    assert.deepEqual(here.notices, []);
  });

  test("has the interval of its posts, though each hub gets every other", () => {
    const [here, there] = [rowOf(), rowOf()];
    for (let n = 0; n < 12; n += 2) {
      const at = start + n * 60_000;
      const interval = here.intervalAfterPost(at);
      if (n >= 10) assert.equal(interval, 60_000);
      take(there, at + 60_000, 1);
      here.heardElsewhere(there.told("there", true), at + 60_000);
    }
  });
});

describe("what hubs tell each other of a host", () => {
  const row = rowOf();
  take(row, start, 1);
  const told = row.told("me", true);

  test("comes back as it was told", () => {
    assert.deepEqual(readHostNow(writeHostNow(told)), told);
  });

  const others = [
    {
      title: "a figure that is not known here is left out",
      text: { ...told, figures: { ...told.figures, newer: 1 } },
      read: told,
    },
    {
      title: "figures that are not told are not known",
      text: { ...told, figures: {} },
      read: rowOf().told("me", true).figures,
    },
    { title: "what lacks something is passed over", text: { by: "x" }, read: undefined },
    { title: "what is something else is passed over", text: 7, read: undefined },
  ];
  for (const { title, text, read } of others) {
    test(`by another release: ${title}`, () => {
      const found = readHostNow(JSON.stringify(text));
      assert.deepEqual(title.startsWith("figures") ? found?.figures : found, read);
    });
  }
});
