/**
 * Where in AWS a process runs, as metadata (`metadata.aws`). Lambda and ECS say so in the environment; EC2 only when it
 * is asked over the network, which nothing here does by itself.
 */
import { request } from "node:http";
import type { Environment } from "./settings.ts";
import { textOf } from "./text.ts";

/** `compute_platform` (`lambda`, `ecs` or `ec2`) and what is known of it; absent fields are left out. */
export type Surroundings = Readonly<Record<string, string>>;

const lambda = {
  function_name: "AWS_LAMBDA_FUNCTION_NAME",
  function_version: "AWS_LAMBDA_FUNCTION_VERSION",
  memory_mb: "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  log_group: "AWS_LAMBDA_LOG_GROUP_NAME",
  log_stream: "AWS_LAMBDA_LOG_STREAM_NAME",
  region: "AWS_REGION",
} as const;

const ecs = {
  task_id: "ECS_TASK_ID",
  cluster: "ECS_CLUSTER",
  container_name: "CONTAINER_NAME",
  region: "AWS_REGION",
} as const;

/** Lambda or ECS from the environment; null for neither. */
export function surroundings(environment: Environment): Surroundings | null {
  const read = (names: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(names).flatMap(([field, variable]) => {
        const value = environment[variable];
        return value ? [[field, textOf(value, 400)]] : [];
      }),
    );
  if (environment["AWS_LAMBDA_FUNCTION_NAME"]) {
    return { compute_platform: "lambda", ...read(lambda) };
  }
  const address =
    environment["ECS_CONTAINER_METADATA_URI_V4"] ?? environment["ECS_CONTAINER_METADATA_URI"];
  if (!address) return null;
  // The address ends with the id of the container: of the task, a dash and a number.
  const container = textOf(address.split("/").at(-1), 200);
  return { compute_platform: "ecs", container_id: container, ...read(ecs) };
}

const fields = {
  instance_id: "instance-id",
  instance_type: "instance-type",
  availability_zone: "placement/availability-zone",
} as const;

/**
 * Asks EC2's instance metadata service, version 2, for at most `timeoutMs` (1 s unless told otherwise). Resolves with
 * null where there is none; never rejects. Pass the answer as metadata: `metadata: { aws: await ec2Surroundings() }`.
 */
export async function ec2Surroundings(
  options: { readonly timeoutMs?: number; readonly url?: string } = {},
): Promise<Surroundings | null> {
  const base = options.url ?? "http://169.254.169.254";
  const signal = AbortSignal.timeout(options.timeoutMs ?? 1_000);
  try {
    const token = await ask("PUT", `${base}/latest/api/token`, {
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
      signal,
    });
    const headers = { "x-aws-ec2-metadata-token": token };
    const found = await Promise.all(
      Object.entries(fields).map(async ([field, path]) => [
        field,
        await ask("GET", `${base}/latest/meta-data/${path}`, { headers, signal }),
      ]),
    );
    return { compute_platform: "ec2", ...Object.fromEntries(found) };
  } catch {
    return null;
  }
}

/** Straight to the address: a proxy's error page was once taken for the id of an instance. */
function ask(
  method: string,
  url: string,
  options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false, ...options }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        if (text.length < 1_000) text += part;
      });
      answer.once("error", reject);
      answer.once("end", () => {
        if (answer.statusCode === 200) resolve(textOf(text, 200));
        else reject(new Error(`the metadata service answered ${answer.statusCode}`));
      });
    });
    sent.once("error", reject);
    sent.end();
  });
}
