/**
 * What an agent knows of its host beside numbers: hardware, system, addresses, the top processes, units, containers.
 * The hub keeps the latest of it. Whatever a host does not have is absent. Names come from the host as they are: a page
 * shows them as text and never as markup.
 */
import { Type, type Static } from "typebox";
import { TimeSchema } from "./monitor.ts";

const text = Type.String({ maxLength: 512 });
const number = Type.Number();
const optionalText = Type.Optional(text);
const optionalNumber = Type.Optional(number);

export const ProcessSchema = Type.Object({
  pid: Type.Integer(),
  name: text,
  user: optionalText,
  /** Cores in use: 1.5 is one and a half cores. */
  cpu_cores: number,
  memory_bytes: number,
  threads: Type.Optional(Type.Integer()),
});

export const HostDetailsSchema = Type.Object({
  system: Type.Optional(
    Type.Object({
      hostname: text,
      /** As psutil names it: Linux, Darwin. */
      os: optionalText,
      /** `Debian GNU/Linux 12 (bookworm)` */
      distribution: optionalText,
      kernel: optionalText,
      kernel_version: optionalText,
      architecture: optionalText,
      /** kvm, docker, lxc, wsl …; absent on bare metal */
      virtualization: optionalText,
      timezone: optionalText,
    }),
  ),
  hardware: Type.Optional(
    Type.Object({
      vendor: optionalText,
      model: optionalText,
      board: optionalText,
      bios: optionalText,
      serial: optionalText,
      cpu_model: optionalText,
      physical_cores: Type.Optional(Type.Integer()),
      logical_cores: Type.Optional(Type.Integer()),
      sockets: Type.Optional(Type.Integer()),
      cpu_min_mhz: optionalNumber,
      cpu_max_mhz: optionalNumber,
      memory_bytes: optionalNumber,
    }),
  ),
  /** Bounds of the control group the agent runs in, where they are tighter than the machine. */
  limits: Type.Optional(Type.Object({ cpu_cores: optionalNumber, memory_bytes: optionalNumber })),
  interfaces: Type.Optional(
    Type.Array(
      Type.Object({
        name: text,
        mac: optionalText,
        mtu: Type.Optional(Type.Integer()),
        up: Type.Boolean(),
        speed_mbps: optionalNumber,
        /** full, half or unknown */
        duplex: optionalText,
        addresses: Type.Array(
          Type.Object({ address: text, prefix: Type.Integer(), broadcast: optionalText }),
        ),
      }),
      { maxItems: 256 },
    ),
  ),
  processes: Type.Optional(
    Type.Object({
      total: Type.Integer(),
      by_cpu: Type.Array(ProcessSchema, { maxItems: 50 }),
      by_memory: Type.Array(ProcessSchema, { maxItems: 50 }),
    }),
  ),
  units: Type.Optional(
    Type.Object({
      states: Type.Record(Type.String(), Type.Integer()),
      failed: Type.Array(Type.Object({ name: text, description: optionalText }), { maxItems: 500 }),
    }),
  ),
  containers: Type.Optional(
    Type.Object({
      /** docker or podman */
      engine: text,
      total: Type.Integer(),
      running: Type.Integer(),
      /** Set when the engine is there and cannot be asked: permission_denied, timeout, not_running. */
      error: optionalText,
      list: Type.Array(
        Type.Object({
          id: text,
          name: text,
          image: text,
          /** running, exited, paused, restarting … */
          state: text,
          status: text,
          health: optionalText,
          ports: optionalText,
          restarts: Type.Optional(Type.Integer()),
          cpu_cores: optionalNumber,
          memory_bytes: optionalNumber,
          memory_limit_bytes: optionalNumber,
        }),
        { maxItems: 500 },
      ),
    }),
  ),
  users: Type.Optional(
    Type.Array(
      Type.Object({ name: text, terminal: optionalText, from: optionalText, since: optionalText }),
      { maxItems: 200 },
    ),
  ),
  batteries: Type.Optional(
    Type.Array(Type.Object({ name: text, status: optionalText, capacity_ratio: optionalNumber }), {
      maxItems: 16,
    }),
  ),
  /** When the slow part of this was read. */
  read_at: Type.Optional(TimeSchema),
});
export type HostDetails = Static<typeof HostDetailsSchema>;
export type ProcessDetails = Static<typeof ProcessSchema>;
