/** Settings that sinks of AWS share; the first three keys are the Monitoring Component's. */
import { bad, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type TSchema } from "typebox";
import { HttpUrlSchema } from "../http/settings.ts";

/** Names of settings that are never shown. */
export const awsSecrets = [
  "aws_access_key_id",
  "aws_secret_access_key",
  "aws_session_token",
] as const;

const key = (title: string, description: string) =>
  Type.Optional(
    Type.String({ title, description, minLength: 1, maxLength: 8192, pattern: "^[\\x21-\\x7e]+$" }),
  );

/** Keys every sink of AWS has, for its own schema. */
export const awsProperties = {
  aws_region: Type.String({
    title: "Region",
    default: "us-east-1",
    pattern: "^[a-z]{2}(-[a-z0-9]+)+-[0-9]+$",
    expected: "a region such as eu-central-1",
  }),
  aws_access_key_id: key(
    "Access key",
    "Without it: environment, profile, container or instance, as the AWS SDK finds them",
  ),
  aws_secret_access_key: key("Secret key", "Goes with the access key"),
  aws_session_token: key("Session token", "Of temporary keys"),
  endpoint: Type.Optional(endpointSchema("Address of the service; of the region's unless given")),
  timeout: Type.Number({
    title: "Time limit",
    exclusiveMinimum: 0,
    maximum: 600,
    default: 10,
    description: "Seconds for one request",
  }),
} satisfies Record<string, TSchema>;

/** An address of a service, for private endpoints. */
export function endpointSchema(description: string) {
  return Type.String({ ...HttpUrlSchema, title: "Endpoint", description });
}

/** What `awsProperties` describes. */
export interface AwsSettings {
  readonly aws_region: string;
  readonly aws_access_key_id?: string;
  readonly aws_secret_access_key?: string;
  readonly aws_session_token?: string;
  readonly endpoint?: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Settings without keys that are null: the Monitoring Component's configurations have them for what is not set. */
export function withoutNulls(settings: unknown): unknown {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}

/** Refuses half a pair of keys. `at` is the path of the settings. */
export function checkAwsKeys<Settings extends AwsSettings>(
  settings: Settings,
  at: string,
): Parsed<Settings> {
  const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token } = settings;
  const missing = (name: string): Problem => ({
    path: at === "" ? name : `${at}.${name}`,
    message: "expected with the other keys, found nothing",
  });
  if (id === undefined && secret === undefined && aws_session_token === undefined) {
    return ok(settings);
  }
  if (id === undefined) return bad(missing("aws_access_key_id"));
  if (secret === undefined) return bad(missing("aws_secret_access_key"));
  return ok(settings);
}
