/** Collectors of one small file each, in one table. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CollectorSpec } from "./collector.ts";
import { Trial } from "./collector.kit.ts";
import { treeFolder } from "./copied-tree.kit.ts";
import { cpuFrequency } from "./cpu-frequency.ts";
import { kernelTables } from "./kernel-tables.ts";
import { load } from "./load.ts";
import { pressure } from "./pressure.ts";
import { uname } from "./uname.ts";
import { vmstat } from "./vmstat.ts";

const nothing = {};

const table: readonly {
  readonly what: string;
  readonly spec: CollectorSpec;
  readonly tree: string;
  readonly expected: Readonly<Record<string, number>>;
}[] = [
  {
    what: "load averages",
    spec: load,
    tree: "sixteen-cores",
    expected: { node_load1: 3.07, node_load5: 12.34, node_load15: 0.5 },
  },
  {
    what: "pressure in seconds, also of interrupts",
    spec: pressure,
    tree: "sixteen-cores",
    expected: {
      node_pressure_cpu_waiting_seconds_total: 123.456789,
      node_pressure_io_waiting_seconds_total: 98.765432,
      node_pressure_io_stalled_seconds_total: 87.654321,
      node_pressure_memory_waiting_seconds_total: 1.234567,
      node_pressure_memory_stalled_seconds_total: 0.123456,
      node_pressure_irq_stalled_seconds_total: 7.654321,
    },
  },
  { what: "no pressure on an old kernel", spec: pressure, tree: "old-kernel", expected: nothing },
  {
    what: "paging and faults, and no kills an old kernel does not count",
    spec: vmstat,
    tree: "old-kernel",
    expected: {
      node_vmstat_pgpgin: 100,
      node_vmstat_pgpgout: 200,
      node_vmstat_pswpin: 0,
      node_vmstat_pswpout: 0,
      node_vmstat_pgfault: 5000,
      node_vmstat_pgmajfault: 12,
    },
  },
  {
    what: "open files and followed connections",
    spec: kernelTables,
    tree: "small-vm",
    expected: {
      node_filefd_allocated: 1515,
      node_filefd_maximum: 2_466_170,
      node_nf_conntrack_entries: 0,
      node_nf_conntrack_entries_limit: 262_144,
    },
  },
  {
    what: "no tables that are not there",
    spec: kernelTables,
    tree: "old-kernel",
    expected: nothing,
  },
  {
    what: "no frequencies of a virtual machine",
    spec: cpuFrequency,
    tree: "small-vm",
    expected: nothing,
  },
];

describe("small collectors read", () => {
  for (const { what, spec, tree, expected } of table) {
    it(what, async () => {
      using trial = new Trial(spec, treeFolder(tree));
      assert.deepEqual(await trial.round(), expected);
    });
  }

  it("frequencies of each core, in hertz", async () => {
    using trial = new Trial(cpuFrequency, treeFolder("sixteen-cores"));
    const values = await trial.round();
    assert.equal(values['node_cpu_scaling_frequency_hertz{cpu="3"}'], 2_403_000_000);
    assert.equal(values['node_cpu_frequency_max_hertz{cpu="15"}'], 3_600_000_000);
    assert.equal(
      values['node_cpu_frequency_hertz{cpu="0"}'],
      undefined,
      "only root may ask for it",
    );
    assert.equal(Object.keys(values).length, 16 * 5);
  });

  it("the name of the kernel", async () => {
    using trial = new Trial(uname, treeFolder("small-vm"));
    const [key = ""] = Object.keys(await trial.round());
    assert.match(
      key,
      /^node_uname_info\{sysname="Linux",release="6\.18\.44.*",version="#1 SMP.*",nodename="vm",domainname="\(none\)",machine=".+"\}$/,
    );
  });
});
