/** Handlers of AWS Lambda whose every call is a run. */
import { monitored, type MonitoredOptions } from "../monitored.ts";
import type { Run } from "../run.ts";

/** What is used of Lambda's context. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  readonly functionName?: string;
  readonly invokedFunctionArn?: string;
  getRemainingTimeInMillis?(): number;
}

/** `job` is the function's name unless told otherwise; `flushMs` is 2,000, and less where the function's time runs out. */
export type LambdaOptions = Omit<MonitoredOptions, "job"> & { readonly job?: string };

/** Kept of the function's time for its own answer, ms. */
const reserveMs = 200;
const usualFlushMs = 2_000;

/**
 * A handler of the asynchronous kind so that each call is a run of a job: it returns and throws what `handler` does, after the
 * events were handed over, since Lambda freezes the process between two calls. The request's id is in the metadata, and with
 * active tracing the run is in the trace of the request.
 */
export function monitoredLambdaHandler<Event, Context extends LambdaContext, Answer>(
  options: LambdaOptions,
  handler: (event: Event, context: Context, run: Run) => Answer | PromiseLike<Answer>,
): (event: Event, context: Context) => Promise<Answer> {
  return (event, context) =>
    monitored(optionsOf(options, context), (run) => handler(event, context, run));
}

function optionsOf(options: LambdaOptions, context: LambdaContext): MonitoredOptions {
  const { job, leftMs, metadata } = factsOf(context);
  try {
    const traceparent = tracedBy(process.env["_X_AMZN_TRACE_ID"]);
    return {
      ...(traceparent === undefined ? {} : { traceparent }),
      ...options,
      job: options.job ?? job,
      metadata: { lambda: metadata, ...options.metadata },
      flushMs: Math.max(1, Math.min(options.flushMs ?? usualFlushMs, leftMs - reserveMs)),
    };
  } catch {
    // Options whose getters throw: the run is followed as one nobody described.
    return { job };
  }
}

function factsOf(context: LambdaContext) {
  const named = process.env["AWS_LAMBDA_FUNCTION_NAME"];
  try {
    const { awsRequestId, functionName, invokedFunctionArn } = context;
    const metadata = {
      request_id: awsRequestId ?? null,
      function_arn: invokedFunctionArn ?? null,
    };
    const leftMs = context.getRemainingTimeInMillis?.() ?? Infinity;
    return { job: functionName ?? named ?? "lambda", leftMs, metadata };
  } catch {
    // A context that is none.
    return { job: named ?? "lambda", leftMs: Infinity, metadata: {} };
  }
}

/** `Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1` as W3C writes it. */
function tracedBy(text: string | undefined): string | undefined {
  const [, seconds, rest] = /Root=1-([0-9a-f]{8})-([0-9a-f]{24})/.exec(text ?? "") ?? [];
  const [, parent] = /Parent=([0-9a-f]{16})/.exec(text ?? "") ?? [];
  if (seconds === undefined || rest === undefined || parent === undefined) return undefined;
  return `00-${seconds}${rest}-${parent}-01`;
}
