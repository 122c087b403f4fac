/**
 * A fake of AWS, built after the published service models: one server for all services, which checks signatures and answers
 * in the protocols the AWS SDK speaks (AWS JSON by `X-Amz-Target`, REST JSON by path) with their shapes of errors. What a
 * service takes is checked by the service's own fake.
 */
import { gunzipSync } from "node:zlib";
import {
  startStrictServer,
  type GivenAnswer,
  type StrictServer,
  type TakenRequest,
} from "../http/strict-server.kit.ts";
import { signatureFault, type KnownKeys } from "./sigv4.kit.ts";

/** Keys the fake knows. */
export const fakeKeys: KnownKeys = {
  accessKeyId: "AKIDFAKEFAKEFAKE",
  secretAccessKey: "a/secret+key/that+is/long+enough/to+be/one",
  region: "eu-central-1",
};

/** Settings that sinks reach the fake with. */
export function fakeConfig(url: string): Readonly<Record<string, unknown>> {
  return {
    endpoint: url,
    aws_region: fakeKeys.region,
    aws_access_key_id: fakeKeys.accessKeyId,
    aws_secret_access_key: fakeKeys.secretAccessKey,
  };
}

/** An error a service answers with. */
export class AwsFault extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export interface FakeService {
  /** As signatures name it. */
  readonly signedAs: string;
  /** What `X-Amz-Target` begins with, with its dot; undefined for REST. */
  readonly target?: string;
  /** By name for AWS JSON, by path for REST. Throws an `AwsFault`. */
  readonly operations: Readonly<Record<string, (body: Fields) => object>>;
}

export interface FakeAws extends AsyncDisposable {
  readonly server: StrictServer;
  /** Every request is throttled from now on, or none. */
  throttle(afterMs: number | null): Promise<void>;
  /** Operations requested so far, in order. */
  readonly asked: readonly string[];
  /** Once: the next request of this operation is carried out, and its answer lost. */
  loseAnswerOf(operation: string): void;
  /** Requests of this operation fail so, until told otherwise. */
  fail(operation: string, fault: AwsFault | null): void;
}

/** Starts it on a free port. */
export async function startFakeAws(services: readonly FakeService[]): Promise<FakeAws> {
  const asked: string[] = [];
  const failing = new Map<string, AwsFault>();
  let isThrottled = false;
  let lost: string | undefined;

  function handle(request: TakenRequest): GivenAnswer {
    const { service, name } = operationOf(request, services);
    asked.push(name);
    try {
      const fault = signatureFault(request, service.signedAs, fakeKeys);
      if (fault !== undefined) throw new AwsFault(fault.name, fault.message, 403);
      if (isThrottled) throw new AwsFault("ThrottlingException", "Rate exceeded");
      const planned = failing.get(name);
      if (planned !== undefined) throw planned;
      const operation = service.operations[name];
      if (operation === undefined) throw new AwsFault("UnknownOperationException", name);
      const answer = operation(bodyOf(request));
      if (lost === name) {
        lost = undefined;
        return { status: 504, body: "" };
      }
      return {
        status: 200,
        headers: { "content-type": typeOf(request) },
        body: JSON.stringify(answer),
      };
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      return faultAnswer(error, request, service);
    }
  }

  const server = await startStrictServer(handle);
  return {
    server,
    asked,
    throttle(afterMs) {
      isThrottled = afterMs !== null;
      return Promise.resolve();
    },
    loseAnswerOf(operation) {
      lost = operation;
    },
    fail(operation, fault) {
      if (fault === null) failing.delete(operation);
      else failing.set(operation, fault);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function operationOf(request: TakenRequest, services: readonly FakeService[]) {
  const target = String(request.headers["x-amz-target"] ?? "");
  const service = services.find((one) =>
    one.target === undefined ? target === "" : target.startsWith(one.target),
  );
  if (service === undefined || request.method !== "POST") {
    throw new Error(`no service for ${request.method} ${request.path} ${target}`);
  }
  return {
    service,
    name: service.target === undefined ? request.path : target.slice(service.target.length),
  };
}

function bodyOf(request: TakenRequest): Fields {
  const packed = request.headers["content-encoding"] === "gzip";
  const text = (packed ? gunzipSync(request.body) : request.body).toString();
  if (Buffer.byteLength(text) > 1_100_000) {
    throw new AwsFault("RequestEntityTooLargeException", "Request is too large", 413);
  }
  return fieldsOf(JSON.parse(text));
}

function typeOf(request: TakenRequest): string {
  return String(request.headers["content-type"] ?? "application/json");
}

function faultAnswer(fault: AwsFault, request: TakenRequest, service: FakeService): GivenAnswer {
  const { name, message, status } = fault;
  if (service.target === undefined) {
    const headers = { "content-type": "application/json", "x-amzn-errortype": name };
    return { status, headers, body: JSON.stringify({ Message: message }) };
  }
  const body = JSON.stringify({ __type: `com.amazonaws#${name}`, message });
  return { status, headers: { "content-type": typeOf(request) }, body };
}

/** A JSON object; a fault for anything else. */
export function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AwsFault("SerializationException", "expected an object");
  }
  return Object.fromEntries(Object.entries(value));
}

/** A list of a body; a fault for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new AwsFault("SerializationException", "expected a list");
  return value;
}
