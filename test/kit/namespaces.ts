/**
 * Networks of their own for processes of a journey: two network namespaces joined by a cable that can be pulled, and a
 * second cable over which a test reaches the first of them. Linux, as root.
 */
import { execFileSync } from "node:child_process";

/** Why there are none here; undefined: there are. */
export function namespacesAreMissing(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const name = `belfry-try-${process.pid}`;
  try {
    ip("netns", "add", name);
    ip("-n", name, "link", "set", "lo", "up");
    ip("-n", name, "link", "add", "v0", "type", "veth", "peer", "name", "v1");
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made here: ${String(error)}`;
  } finally {
    tryIp("netns", "del", name);
  }
}

export interface Networks extends Disposable {
  /** The namespace whose cable is pulled, and the one behind the cable: the first one's gateway. */
  readonly near: string;
  readonly far: string;
  /** Where the test is, as the near namespace sees it, and the other way round. */
  readonly testAddress: string;
  readonly nearAddress: string;
  readonly gateway: string;
  /** Takes the near end down: there is no route any more. */
  unplug(): void;
  /** Takes the far end down: routes stay, and nobody answers. */
  cut(): void;
  /** Puts both ends up again. */
  join(): void;
  /** Gives the far namespace an address that is reached through the gateway, or takes it away. */
  addAddress(address: string): void;
  dropAddress(address: string): void;
}

/** Makes them; what is called by the process id and `n` (0 to 3) meets nothing of another run at the same time. */
export function openNetworks(n: number): Networks {
  const near = `belfry-near-${process.pid}-${n}`;
  const far = `belfry-far-${process.pid}-${n}`;
  const outer = `bft${process.pid}n${n}`;
  // Four networks of 10.64.0.0/10 for each of 4,096 process ids in a row; the others are seen in the namespaces alone.
  const place = (process.pid % 4096) * 4 + n;
  const net = `10.${64 + (place >> 8)}.${place & 255}`;
  const [testAddress, nearAddress] = [`${net}.1`, `${net}.2`];
  const [gateway, nearEnd] = ["10.48.1.1", "10.48.1.2"];
  const close = (): void => {
    tryIp("netns", "del", near);
    tryIp("netns", "del", far);
    tryIp("link", "del", outer);
  };
  const join = (): void => {
    ip("-n", far, "link", "set", "cable", "up");
    ip("-n", near, "link", "set", "cable", "up");
    ip("-n", near, "route", "replace", "default", "via", gateway);
  };
  try {
    ip("netns", "add", near);
    ip("netns", "add", far);
    ip("link", "add", outer, "type", "veth", "peer", "name", "test", "netns", near);
    ip("addr", "add", `${testAddress}/24`, "dev", outer);
    ip("link", "set", outer, "up");
    ip("-n", near, "addr", "add", `${nearAddress}/24`, "dev", "test");
    ip("-n", near, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", far);
    ip("-n", near, "addr", "add", `${nearEnd}/24`, "dev", "cable");
    ip("-n", far, "addr", "add", `${gateway}/24`, "dev", "cable");
    for (const name of ["lo", "test"]) ip("-n", near, "link", "set", name, "up");
    ip("-n", far, "link", "set", "lo", "up");
    join();
  } catch (error) {
    close();
    throw error;
  }
  return {
    near,
    far,
    testAddress,
    nearAddress,
    gateway,
    unplug: () => ip("-n", near, "link", "set", "cable", "down"),
    cut: () => ip("-n", far, "link", "set", "cable", "down"),
    join,
    addAddress: (address) => ip("-n", far, "addr", "add", `${address}/32`, "dev", "lo"),
    dropAddress: (address) => ip("-n", far, "addr", "del", `${address}/32`, "dev", "lo"),
    [Symbol.dispose]: close,
  };
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"], timeout: 10_000 });
}

function tryIp(...args: readonly string[]): void {
  try {
    ip(...args);
  } catch {
    // It was not there.
  }
}
