/**
 * What clients of the AWS SDK are made with here. Its own repeats are off: delivery repeats. The packages are loaded by
 * those who use them, at their first request: they take up to 10 MB of memory each.
 */
import { failedVerdict, type AwsFailure } from "./verdict.ts";
import type { AwsSettings } from "./settings.ts";

export interface AwsClientOptions {
  readonly region: string;
  readonly maxAttempts: 1;
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Options of a client; without keys it finds credentials as the AWS SDK does. */
export function awsClientOptions(settings: AwsSettings): AwsClientOptions {
  const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token } = settings;
  const token = aws_session_token === undefined ? {} : { sessionToken: aws_session_token };
  return {
    region: settings.aws_region,
    maxAttempts: 1,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(id === undefined || secret === undefined
      ? {}
      : { credentials: { accessKeyId: id, secretAccessKey: secret, ...token } }),
  };
}

/** Texts that must not show up anywhere. */
export function awsSecretTexts(settings: AwsSettings): readonly string[] {
  const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token } = settings;
  return [id, secret, aws_session_token].filter((text) => text !== undefined);
}

export interface AwsCallSettings {
  /** Limit of a request, finding credentials included, ms. */
  readonly timeoutMs: number;
  /** Cut out of what is told. */
  readonly secrets: readonly string[];
}

export type AwsOutcome<Answer> =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly failure: AwsFailure };

/** Makes a request; never rejects, and ends with the signal even where the AWS SDK does not. */
export async function callAws<Answer>(
  request: (signal: AbortSignal) => Promise<Answer>,
  { timeoutMs, secrets }: AwsCallSettings,
  signal: AbortSignal,
): Promise<AwsOutcome<Answer>> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(either.reason);
  try {
    either.throwIfAborted();
    either.addEventListener("abort", end);
    return { kind: "answer", answer: await Promise.race([request(either), ended.promise]) };
  } catch (error) {
    return { kind: "failed", failure: failedVerdict(error, { timeoutMs, secrets }) };
  } finally {
    either.removeEventListener("abort", end);
  }
}

/** Something made at its first use. After a failure the next use tries again. */
export function lazily<T>(make: () => Promise<T>): { get(): Promise<T>; made(): T | undefined } {
  let making: Promise<T> | undefined;
  let made: T | undefined;
  return {
    async get() {
      making ??= make();
      try {
        made = await making;
        return made;
      } catch (error) {
        making = undefined;
        throw error;
      }
    },
    made: () => made,
  };
}
