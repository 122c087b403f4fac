/** Settings of sink `aws_xray`; names and defaults are the Monitoring Component's. */
import { createParser, type Parsed } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { awsProperties, checkAwsKeys, withoutNulls } from "../aws/settings.ts";

/** As they are written. */
export const XRaySettingsSchema = Type.Object(
  {
    ...awsProperties,
    service_name: Type.String({
      title: "Service",
      default: "wafer-monitor",
      minLength: 1,
      maxLength: 200,
      description: "Name of the service in every segment",
    }),
  },
  { additionalProperties: false },
);

export type XRaySettings = Static<typeof XRaySettingsSchema>;

const parse = createParser(XRaySettingsSchema);

/** Checks settings. */
export function parseXRaySettings(settings: unknown, at = ""): Parsed<XRaySettings> {
  const parsed = parse(withoutNulls(settings), at);
  return parsed.kind === "bad" ? parsed : checkAwsKeys(parsed.value, at);
}
