/** Settings of channel `opsgenie`. */
import { createParser } from "@belfry/contract";
import { HttpUrlSchema } from "@belfry/relay/http";
import { Type, type Static } from "typebox";

const priority = (title: string, initial: string) =>
  Type.Enum(["P1", "P2", "P3", "P4", "P5"], { title, default: initial });

/** As they are written. */
export const OpsgenieSettingsSchema = Type.Object(
  {
    api_key: Type.String({
      title: "API key",
      minLength: 1,
      maxLength: 200,
      pattern: "^[\\x21-\\x7e]+$",
      expected: "visible ASCII characters",
      description: "Of an integration of kind API that may create alerts",
    }),
    region: Type.Enum(["us", "eu"], {
      title: "Region",
      default: "us",
      description: "us: api.opsgenie.com; eu: api.eu.opsgenie.com",
    }),
    api_base: Type.Optional(
      Type.String({
        ...HttpUrlSchema,
        title: "Address of the API",
        description: "Instead of the region's, where a proxy stands in between",
      }),
    ),
    teams: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      title: "Teams",
      default: [],
      maxItems: 50,
      description: "Names of teams that are told; none: those of the integration",
    }),
    tags: Type.Array(Type.String({ minLength: 1, maxLength: 50 }), {
      title: "Tags",
      default: [],
      maxItems: 20,
      description: "Of every alert; labels follow as name:value, 20 tags altogether",
    }),
    priorities: Type.Object(
      {
        critical: priority("Of critical incidents", "P1"),
        warning: priority("Of warnings", "P3"),
        info: priority("Of informations", "P5"),
      },
      { title: "Priorities", additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false },
);

export type OpsgenieSettings = Static<typeof OpsgenieSettingsSchema>;

/** Checks settings. */
export const parseOpsgenieSettings = createParser(OpsgenieSettingsSchema);
