/** Settings of sink `aws_cloudwatch`; names and defaults are the Monitoring Component's. */
import { createParser, type Parsed } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { awsProperties, checkAwsKeys, endpointSchema, withoutNulls } from "../aws/settings.ts";
import { largestMessageBytes, leastMessageBytes } from "./log-event.ts";

/** As they are written. */
export const CloudWatchSettingsSchema = Type.Object(
  {
    ...awsProperties,
    logs_endpoint: Type.Optional(
      endpointSchema("Address of CloudWatch Logs, where it is not `endpoint`"),
    ),
    namespace: Type.String({
      title: "Namespace",
      default: "WaferMonitor",
      maxLength: 255,
      pattern: "^(?!AWS/)(?!:)[0-9A-Za-z.\\-_/#: ]*[0-9A-Za-z.\\-_/#:][0-9A-Za-z.\\-_/#: ]*$",
      expected: "letters, digits, blanks and . - _ / # :, not beginning with AWS/",
      description: "Of the metrics",
    }),
    log_group_name: Type.String({
      title: "Log group",
      default: "/wafer-monitor/jobs",
      maxLength: 512,
      pattern: "^(?!aws/)[.\\-_/#A-Za-z0-9]+$",
      expected: "letters, digits and . - _ / #",
      description: "Made when it is not there",
    }),
    log_stream_name: Type.Optional(
      Type.String({
        title: "Log stream",
        minLength: 1,
        maxLength: 512,
        pattern: "^[^:*\\u0000-\\u001f]+$",
        expected: "text without : and *",
        description:
          "Made when it is not there; compute platform and instance or host name, such as ec2-web1, unless given",
      }),
    ),
    compute_platform: Type.String({
      title: "Compute platform",
      default: "ec2",
      minLength: 1,
      maxLength: 64,
      pattern: "^[0-9A-Za-z_-]+$",
      expected: "a word such as ec2",
      description:
        "A dimension of the metrics; auto: lambda or ecs where the environment says so, else ec2",
    }),
    instance_id: Type.Optional(
      Type.String({
        title: "Instance",
        minLength: 1,
        maxLength: 255,
        pattern: "^[\\x21-\\x7e]+$",
        description: "A dimension of the metrics",
      }),
    ),
    own_metrics: Type.Boolean({
      title: "The jobs' own figures",
      default: false,
      description: "Figures of `metric` events become metrics of their name. AWS bills every name",
    }),
    max_message_bytes: Type.Integer({
      title: "Longest message",
      default: largestMessageBytes,
      minimum: leastMessageBytes,
      maximum: largestMessageBytes,
      description:
        "Bytes of a log event; from what is longer, metadata are left out. 262118 where the older limit of 256 KiB holds",
    }),
  },
  { additionalProperties: false },
);

export type CloudWatchSettings = Static<typeof CloudWatchSettingsSchema>;

const parse = createParser(CloudWatchSettingsSchema);

/** Checks settings. */
export function parseCloudWatchSettings(settings: unknown, at = ""): Parsed<CloudWatchSettings> {
  const parsed = parse(withoutNulls(settings), at);
  return parsed.kind === "bad" ? parsed : checkAwsKeys(parsed.value, at);
}
