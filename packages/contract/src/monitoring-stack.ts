/**
 * Wire shapes of the drop-in surface of the Monitoring Stack: `POST /metrics`, `/data`, `/details`, `/hosts`. Keys are in
 * alphabetical order, as the original sent them.
 */
import { Type, type Static } from "typebox";

const epochSeconds = (description: string) => Type.Integer({ description });
const figure = Type.Union([Type.Number(), Type.Null()]);

/** Body of `POST /metrics`. Numbers may come as text, as the original took them. */
export const StackPostSchema = Type.Object({
  hostname: Type.String({ description: "1 to 253 characters" }),
  timestamp: epochSeconds("Epoch seconds"),
  cpu: Type.Number({ description: "Percent" }),
  ram: Type.Number({ description: "Percent" }),
  disk: Type.Number({ description: "Percent" }),
  disk_read: Type.Optional(Type.Number({ description: "MiB per second" })),
  disk_write: Type.Optional(Type.Number({ description: "MiB per second" })),
  net_read: Type.Optional(Type.Number({ description: "MiB per second" })),
  net_write: Type.Optional(Type.Number({ description: "MiB per second" })),
  swap_percent: Type.Optional(Type.Number()),
  load1: Type.Optional(figure),
  load5: Type.Optional(figure),
  load15: Type.Optional(figure),
  details: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "The snapshot of `/system`" }),
  ),
});

/** One sample of one host in `GET /data`. */
export const StackRowSchema = Type.Object({
  cpu: figure,
  cpu_cores: Type.Null({ description: "Not kept" }),
  disk: figure,
  disk_read: figure,
  disk_write: figure,
  hostname: Type.String(),
  load1: figure,
  load15: figure,
  load5: figure,
  net_read: figure,
  net_write: figure,
  ram: figure,
  swap_percent: figure,
  timestamp: epochSeconds("Epoch seconds, by the host's clock"),
});
export type StackRow = Static<typeof StackRowSchema>;

/** `GET /data`: ascending by time. */
export const StackDataSchema = Type.Object({
  count: Type.Integer(),
  data: Type.Array(StackRowSchema),
});
export type StackDataView = Static<typeof StackDataSchema>;

/** `GET /details`. */
export const StackDetailsSchema = Type.Object({
  details: Type.Record(Type.String(), Type.Unknown(), {
    description:
      "As it was posted; of a host with Belfry's agent in the same shape, as far as it is known",
  }),
  hostname: Type.String(),
  updated_at: epochSeconds("Epoch seconds, by Belfry's clock"),
});
export type StackDetailsView = Static<typeof StackDetailsSchema>;

/** `GET /hosts`: in the order of their names, whatever their case. */
export const StackHostsSchema = Type.Object({
  hosts: Type.Array(
    Type.Object({
      details_updated_at: Type.Union([epochSeconds("Epoch seconds"), Type.Null()]),
      hostname: Type.String(),
      last_seen: Type.Union([epochSeconds("Epoch seconds"), Type.Null()]),
      metric_count: Type.Integer({ description: "Distinct instants with a sample" }),
      online: Type.Boolean(),
    }),
  ),
});
export type StackHostsView = Static<typeof StackHostsSchema>;

/** Answer to `POST /metrics`. */
export const StackOkSchema = Type.Object({ status: Type.Literal("ok") });

/** Answer to `POST /hosts/{hostname}/clean`. */
export const StackCleanedSchema = Type.Object({
  metrics_deleted: Type.Integer(),
  status: Type.Literal("ok"),
});
export type StackCleaned = Static<typeof StackCleanedSchema>;

/** Answer to `DELETE /hosts/{hostname}`. */
export const StackDeletedSchema = Type.Object({
  details: Type.Integer(),
  metrics: Type.Integer(),
  status: Type.Literal("ok"),
});
export type StackDeleted = Static<typeof StackDeletedSchema>;

/** Every error of this surface. */
export const StackErrorSchema = Type.Object({ error: Type.String() });
