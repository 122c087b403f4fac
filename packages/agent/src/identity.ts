/**
 * Who this host is. The machine id survives reboots and a changed name; it is derived with SHA-256, because the one in
 * `/etc/machine-id` is to be kept from others (`man machine-id`). Where a machine has none, an id is made from its
 * firmware or its name once and kept in the state folder, so that it survives a change of these.
 */
import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Roots } from "./collect/collector.ts";

export interface Identity {
  /** 32 hexadecimal digits, or what `override` said. */
  readonly machineId: string;
  /** Changes with every boot; where the kernel does not tell, with every start of this process. */
  readonly bootId: string;
}

export interface IdentitySettings {
  readonly roots: Roots;
  /** Where a made id is kept; null: nowhere. */
  readonly stateDir: string | null;
  /** Takes the place of the machine's own id; null: none. */
  readonly override: string | null;
  readonly hostname: string;
}

const keptName = "host-id";
/** Firmware of many boards has one of these in place of an id. */
const noFirmwareId = /^(0|f|-)+$|^03000200-0400-0500-0006-000700080009$/i;

/** Reads who this host is; writes to `stateDir` only where the machine has no id of its own. Never throws. */
export function readIdentity({ roots, stateDir, override, hostname }: IdentitySettings): Identity {
  return {
    machineId: override ?? ownId(roots) ?? keptId(roots, stateDir, hostname),
    bootId: readText(`${roots.proc}/sys/kernel/random/boot_id`) ?? randomUUID(),
  };
}

function ownId(roots: Roots): string | undefined {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    const id = readText(`${roots.root}${path}`);
    // An image that was not started yet says "uninitialized".
    if (id !== undefined && /^[0-9a-f]{32}$/i.test(id)) return derive("machine-id", id);
  }
  return undefined;
}

function keptId(roots: Roots, stateDir: string | null, hostname: string): string {
  const path = stateDir === null ? null : join(stateDir, keptName);
  const kept = path === null ? undefined : readText(path);
  if (kept !== undefined && /^[0-9a-f]{32}$/.test(kept)) return kept;
  const firmware = readText(`${roots.sys}/class/dmi/id/product_uuid`);
  const made =
    firmware !== undefined && !noFirmwareId.test(firmware)
      ? derive("firmware", firmware.toLowerCase())
      : derive("hostname", hostname);
  if (stateDir !== null && path !== null) keep(stateDir, path, made);
  return made;
}

function keep(stateDir: string, path: string, id: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${id}\n`, { mode: 0o600 });
  } catch {
    // It is made the same way at the next start; only a change of name would be noticed.
  }
}

function derive(kind: string, value: string): string {
  return hash("sha256", `belfry host ${kind}: ${value}`).slice(0, 32);
}

function readText(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}
