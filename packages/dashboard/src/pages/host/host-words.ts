/** Facts about a host in words. Pure. */
import type { FileSystemView, HostDetails, HostDetailView } from "@belfry/contract";
import { formatLong } from "../../format/time.ts";
import { levelOf, levelOfFullIn, worstLevel, type Level } from "../../parts/level.ts";

/** `full in 3 days`; `full` for what has no room, empty for what does not fill up within a year. */
export function fullInWords(seconds: number | null): string {
  if (seconds === null || seconds > 365 * 86_400) return "";
  if (seconds < 60) return "full";
  return `full in ${formatLong(seconds * 1000)}`;
}

/** How much of a person's attention a file system deserves. What cannot be written to does not fill up. */
export function levelOfFileSystem(fs: FileSystemView): Level {
  if (fs.read_only) return "fine";
  return worstLevel([
    levelOf("disk", fs.used_ratio),
    levelOf("disk", fs.inodes_used_ratio),
    levelOfFullIn(fs.full_in === null ? null : fs.full_in * 1000),
  ]);
}

/** File systems as `df` would be read: the one that needs a person first, then by mount. */
export function sortFileSystems(all: readonly FileSystemView[]): readonly FileSystemView[] {
  const order: readonly Level[] = ["bad", "attention", "fine"];
  return all.toSorted(
    (a, b) =>
      order.indexOf(levelOfFileSystem(a)) - order.indexOf(levelOfFileSystem(b)) ||
      (a.mountpoint < b.mountpoint ? -1 : 1),
  );
}

/** The system in one line: `Debian GNU/Linux 12 (bookworm) · Linux 6.1.0 · x86_64 · kvm`. */
export function systemWords(system: HostDetails["system"]): string {
  if (system === undefined) return "";
  const { os, distribution, kernel, architecture, virtualization } = system;
  const kernelText = kernel === undefined ? undefined : `${os ?? ""} ${kernel}`.trim();
  return [
    distribution ?? (kernel === undefined ? os : undefined),
    kernelText,
    architecture,
    virtualization,
  ]
    .filter((part) => part !== undefined && part !== "")
    .join(" · ");
}

/** Units by state in the order people ask for them: `212 active, 3 failed`. */
export function unitWords(states: Readonly<Record<string, number>>): string {
  const known = ["active", "failed", "activating", "deactivating", "reloading", "inactive"];
  const rank = (state: string): number => {
    const place = known.indexOf(state);
    return place === -1 ? known.length : place;
  };
  return Object.entries(states)
    .filter(([, count]) => count > 0)
    .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([state, count]) => `${count} ${state}`)
    .join(", ");
}

/** CPU of a process as `top` prints it: 100 is one core. */
export function cpuOfProcess(cores: number): string {
  return (cores * 100).toFixed(1);
}

/** Whether what is shown are the last figures of a host that is not heard from any more. */
export function isOld({ status }: Pick<HostDetailView, "status">): boolean {
  return status === "down" || status === "paused";
}
