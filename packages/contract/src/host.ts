/** Wire shapes of `/api/v1/hosts`. A host's id is also the id of the monitor that follows whether it is heard from. */
import { Type, type Static } from "typebox";
import { HostDetailsSchema } from "./host-details.ts";
import { IdSchema, LabelsSchema, NameSchema, TimeSchema } from "./monitor.ts";
import { FloatSchema } from "./series.ts";
import { statuses } from "./status.ts";

const figure = Type.Union([Type.Number(), Type.Null()]);

/** Latest values; null where the host has none. Ratios 0 to 1. */
export const HostFiguresSchema = Type.Object({
  cpu_ratio: figure,
  memory_ratio: figure,
  swap_ratio: figure,
  disk_ratio: figure,
  fullest_disk_ratio: figure,
  load1: figure,
  load5: figure,
  load15: figure,
  cores: figure,
  disk_read_bytes_per_second: figure,
  disk_written_bytes_per_second: figure,
  network_receive_bytes_per_second: figure,
  network_transmit_bytes_per_second: figure,
  temperature_celsius: figure,
  boot_time: Type.Union([TimeSchema, Type.Null()]),
});
export type HostFiguresView = Static<typeof HostFiguresSchema>;

/** Something about a host that a person should know; `code` is closed, `message` says it. */
export const HostNoticeSchema = Type.Object({
  code: Type.Enum(["clock", "cloned_id", "too_many_series", "refused_samples"]),
  message: Type.String(),
});
export type HostNotice = Static<typeof HostNoticeSchema>;

const host = {
  id: IdSchema,
  name: NameSchema,
  status: Type.Enum([...statuses]),
  status_since: TimeSchema,
  labels: LabelsSchema,
  /** Host names it was heard under, the present one first; names of the Monitoring Stack are among them. */
  names: Type.Array(Type.String()),
  agent_version: Type.Union([Type.String(), Type.Null()], {
    description: "null: it posts as the Monitoring Stack's clients do",
  }),
  interval: Type.Union([Type.Number(), Type.Null()], { description: "Seconds between samples" }),
  last_heard_at: Type.Union([TimeSchema, Type.Null()]),
  last_sample_at: Type.Union([TimeSchema, Type.Null()], { description: "By the host's own clock" }),
  clock_offset: Type.Union([Type.Number(), Type.Null()], {
    description: "Seconds the host's clock is ahead of Belfry's",
  }),
  series: Type.Integer({ description: "Series in its latest sample" }),
  notices: Type.Array(HostNoticeSchema),
  figures: HostFiguresSchema,
};

/** One row of `GET /api/v1/hosts`, and of the live event `hosts`. */
export const HostSchema = Type.Object(host);
export type HostView = Static<typeof HostSchema>;

/** A file system now, with how its free space went in the last hours. */
export const FileSystemSchema = Type.Object({
  mountpoint: Type.String(),
  device: Type.String(),
  fstype: Type.String(),
  size_bytes: Type.Number(),
  used_bytes: Type.Number(),
  available_bytes: Type.Number(),
  used_ratio: Type.Number({ description: "used / (used + available), as df counts" }),
  inodes_used_ratio: figure,
  read_only: Type.Boolean(),
  full_in: Type.Union([Type.Number(), Type.Null()], {
    description: "Seconds until it is full if the last six hours go on; null: it does not fill up",
  }),
});
export type FileSystemView = Static<typeof FileSystemSchema>;

/** `GET /api/v1/hosts/{id}`. */
export const HostDetailSchema = Type.Object({
  ...host,
  silent_after: Type.Number({ description: "Seconds without a sample until it is down" }),
  retention_days: Type.Union([Type.Number(), Type.Null()], {
    description: "How long its samples are kept; null: as all others",
  }),
  enabled: Type.Boolean(),
  version: Type.Integer(),
  created_at: TimeSchema,
  details: Type.Union([HostDetailsSchema, Type.Null()]),
  details_at: Type.Union([TimeSchema, Type.Null()]),
  file_systems: Type.Array(FileSystemSchema),
});
export type HostDetailView = Static<typeof HostDetailSchema>;

/** `PATCH /api/v1/hosts/{id}`; a merge patch. */
export const HostPatchSchema = Type.Object(
  {
    name: Type.Optional(NameSchema),
    labels: Type.Optional(LabelsSchema),
    enabled: Type.Optional(Type.Boolean({ description: "false: its silence rings nobody" })),
    silent_after: Type.Optional(
      Type.Union([Type.Number({ minimum: 2, maximum: 604_800 }), Type.Null()], {
        description: "Seconds; null: three intervals, at least 30 s",
      }),
    ),
    retention_days: Type.Optional(
      Type.Union([Type.Number({ minimum: 0.04, maximum: 36_500 }), Type.Null()]),
    ),
  },
  { additionalProperties: false },
);
export type HostPatch = Static<typeof HostPatchSchema>;

const columnOfFloats = Type.Array(Type.Union([FloatSchema, Type.Null()]));

/**
 * `GET /api/v1/hosts/{id}/series?name=…&from=…&to=…&step=…`: every series of the host with one of the names, in buckets
 * of `step` seconds; `starts_ms` is shared, null where a bucket has no sample. Names that end in `_total` are counters:
 * their `avg` is the rate per second over the bucket (resets are seen through), and `min` and `max` are null.
 */
export const HostSeriesSchema = Type.Object({
  step: Type.Number(),
  starts_ms: Type.Array(Type.Integer()),
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      labels: Type.Record(Type.String(), Type.String()),
      avg: columnOfFloats,
      min: Type.Union([columnOfFloats, Type.Null()]),
      max: Type.Union([columnOfFloats, Type.Null()]),
    }),
  ),
});
export type HostSeriesView = Static<typeof HostSeriesSchema>;

/** `GET /api/v1/hosts/sparklines?ids=…&hours=1`: means of buckets of `step` seconds, null where there is no sample. */
export const HostSparklinesSchema = Type.Object({
  step: Type.Number(),
  starts_ms: Type.Array(Type.Integer()),
  items: Type.Array(
    Type.Object({
      id: IdSchema,
      cpu: Type.Array(figure),
      memory: Type.Array(figure),
      network: Type.Array(figure),
    }),
  ),
});
export type HostSparklinesView = Static<typeof HostSparklinesSchema>;

/** Answer to `POST /api/v1/host-samples`. */
export const HostSamplesAnswerSchema = Type.Object({
  host_id: IdSchema,
  accepted: Type.Integer({ description: "Samples stored; one sent before counts again" }),
  refused: Type.Integer({ description: "Samples too old to be kept, or more than a day ahead" }),
  series_refused: Type.Integer({ description: "Series beyond what one host may have" }),
});
export type HostSamplesAnswer = Static<typeof HostSamplesAnswerSchema>;
