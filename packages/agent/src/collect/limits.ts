/**
 * Bounds a container sets on CPU time and memory, from its control group.
 *
 * The group that counts is the one at the root of what this process can see of the hierarchy: inside a container that
 * is the container's own, and on the machine itself it is the root of everything, which has no bounds. Bounds of a group
 * below it (a unit's `MemoryMax=` on the machine) are the agent's own and say nothing of what is being watched. Neither do
 * those of a container that watches its machine: with a moved root, the groups below that root count.
 *
 * Files of version 2: `cpu.max`, `cpu.stat`, `cpuset.cpus.effective`, `memory.max`, `memory.current`, `memory.stat`; of
 * version 1: `cpu.cfs_quota_us`, `cpu.cfs_period_us`, `cpuacct.usage_user`, `cpuacct.usage_sys`,
 * `cpuset.effective_cpus`, `memory.limit_in_bytes`, `memory.usage_in_bytes`, `memory.stat`.
 */
import { existsSync } from "node:fs";
import type { CollectorSpec, Roots } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { Scan } from "./scan.ts";

/** What a container used of the processors since it began, in seconds. */
export interface CpuSeconds {
  readonly user: number;
  readonly system: number;
}

/** The file of the version that is there. A file that is not there now is looked for again: groups change little. */
class CgroupFile implements Disposable {
  readonly #files: readonly KeptFile[];
  readonly #scan = new Scan();
  #roundsToWait = 0;

  constructor({ sys, root }: Roots, ...paths: readonly string[]) {
    const ofRoot = `${root}/sys/fs/cgroup`;
    const folder = root !== "" && existsSync(ofRoot) ? ofRoot : `${sys}/fs/cgroup`;
    this.#files = paths.map((path) => new KeptFile(`${folder}/${path}`));
  }

  read(): Scan | undefined {
    if (this.#roundsToWait > 0) {
      this.#roundsToWait -= 1;
      return undefined;
    }
    for (const file of this.#files) if (this.#scan.load(file.read())) return this.#scan;
    this.#roundsToWait = 60;
    return undefined;
  }

  number(): number | undefined {
    const value = this.read()?.number();
    return value === undefined || Number.isNaN(value) ? undefined : value;
  }

  /** The value after a key at the beginning of a line. */
  valueOf(key: Buffer): number | undefined {
    const scan = this.read();
    if (scan === undefined) return undefined;
    for (; scan.hasMore; scan.nextLine()) {
      if (!scan.word()) continue;
      const length = scan.wordEnd - scan.wordStart;
      if (length === key.length && key.equals(scan.bytes.subarray(scan.wordStart, scan.wordEnd))) {
        return scan.number();
      }
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file[Symbol.dispose]();
  }
}

const userKey = Buffer.from("user_usec");
const systemKey = Buffer.from("system_usec");
const cacheKeys = [Buffer.from("inactive_file"), Buffer.from("total_inactive_file")] as const;

/** CPU time of the container and the bound on it. */
export class CgroupCpu implements Disposable {
  readonly #max: CgroupFile;
  readonly #quota: CgroupFile;
  readonly #period: CgroupFile;
  readonly #cpus: CgroupFile;
  readonly #stat: CgroupFile;
  readonly #user: CgroupFile;
  readonly #system: CgroupFile;

  constructor(roots: Roots) {
    this.#max = new CgroupFile(roots, "cpu.max");
    this.#quota = new CgroupFile(roots, "cpu/cpu.cfs_quota_us");
    this.#period = new CgroupFile(roots, "cpu/cpu.cfs_period_us");
    this.#cpus = new CgroupFile(roots, "cpuset.cpus.effective", "cpuset/cpuset.effective_cpus");
    this.#stat = new CgroupFile(roots, "cpu.stat");
    this.#user = new CgroupFile(roots, "cpuacct/cpuacct.usage_user");
    this.#system = new CgroupFile(roots, "cpuacct/cpuacct.usage_sys");
  }

  /** Cores' worth of time it may use, where that is less than `online` cores. */
  limitCores(online: number): number | undefined {
    const bounds = [this.#ofQuota(), this.#ofCpuset()].filter((bound) => bound !== undefined);
    const least = Math.min(...bounds);
    return least < online ? least : undefined;
  }

  usedSeconds(): CpuSeconds | undefined {
    const user = this.#stat.valueOf(userKey);
    const system = this.#stat.valueOf(systemKey);
    if (user !== undefined && system !== undefined) {
      return { user: user / 1e6, system: system / 1e6 };
    }
    const userNs = this.#user.number();
    const systemNs = this.#system.number();
    if (userNs === undefined || systemNs === undefined) return undefined;
    return { user: userNs / 1e9, system: systemNs / 1e9 };
  }

  #ofQuota(): number | undefined {
    const max = this.#max.read();
    // "max 100000" is no bound, "150000 100000" one and a half cores.
    const [quota, period] =
      max === undefined
        ? [this.#quota.number(), this.#period.number()]
        : [max.number(), max.number()];
    const hasBound = quota !== undefined && period !== undefined && quota > 0 && period > 0;
    return hasBound ? quota / period : undefined;
  }

  #ofCpuset(): number | undefined {
    const scan = this.#cpus.read();
    const list = scan?.word() === true ? scan.text() : "";
    if (list === "") return undefined;
    return list.split(",").reduce((count, range) => {
      const [first = 0, last = first] = range.split("-").map(Number);
      return count + last - first + 1;
    }, 0);
  }

  [Symbol.dispose](): void {
    for (const file of [
      this.#max,
      this.#quota,
      this.#period,
      this.#cpus,
      this.#stat,
      this.#user,
      this.#system,
    ]) {
      file[Symbol.dispose]();
    }
  }
}

/** Memory of the container and the bound on it. */
export class CgroupMemory implements Disposable {
  readonly #limit: CgroupFile;
  readonly #used: CgroupFile;
  readonly #stat: CgroupFile;

  constructor(roots: Roots) {
    this.#limit = new CgroupFile(roots, "memory.max", "memory/memory.limit_in_bytes");
    this.#used = new CgroupFile(roots, "memory.current", "memory/memory.usage_in_bytes");
    this.#stat = new CgroupFile(roots, "memory.stat", "memory/memory.stat");
  }

  /** Bytes it may use, where that is less than the machine's. No bound is `max`, or a number beyond any memory. */
  limitBytes(machineBytes: number): number | undefined {
    const limit = this.#limit.number();
    return limit !== undefined && limit > 0 && limit < machineBytes ? limit : undefined;
  }

  /** Bytes it cannot give back: without cached files that are not in use, as container tools count. */
  usedBytes(): number | undefined {
    const used = this.#used.number();
    if (used === undefined) return undefined;
    // Version 1 counts the groups below only in the figures that begin with total_.
    const cache = this.#stat.valueOf(cacheKeys[1]) ?? this.#stat.valueOf(cacheKeys[0]) ?? 0;
    return Math.max(0, used - cache);
  }

  [Symbol.dispose](): void {
    for (const file of [this.#limit, this.#used, this.#stat]) file[Symbol.dispose]();
  }
}

/** Leaves the bounds as a detail. */
export const limits: CollectorSpec = {
  name: "limits",
  pace: 30,
  metrics: [],
  create({ roots }, { facts }) {
    const cpu = new CgroupCpu(roots);
    const memory = new CgroupMemory(roots);
    const stat = new KeptFile(`${roots.proc}/stat`);
    const meminfo = new KeptFile(`${roots.proc}/meminfo`);
    return {
      collect() {
        const online = stat.readText()?.match(/^cpu\d+ /gm)?.length ?? 0;
        const kib = Number(/^MemTotal: +(\d+) kB/m.exec(meminfo.readText() ?? "")?.[1] ?? 0);
        const cpuCores = cpu.limitCores(online);
        const memoryBytes = memory.limitBytes(kib * 1024);
        const hasLimits = cpuCores !== undefined || memoryBytes !== undefined;
        facts.set(
          "limits",
          hasLimits
            ? {
                ...(cpuCores === undefined ? {} : { cpu_cores: cpuCores }),
                ...(memoryBytes === undefined ? {} : { memory_bytes: memoryBytes }),
              }
            : undefined,
        );
      },
      [Symbol.dispose]() {
        for (const one of [cpu, memory, stat, meminfo]) one[Symbol.dispose]();
      },
    };
  },
};
