/** Log events to one stream of CloudWatch Logs, which is made when it is not there. */
import type { RejectedLogEventsInfo } from "@aws-sdk/client-cloudwatch-logs";
import type { RecordDelivery } from "../../event-sink.ts";
import {
  callAws,
  lazily,
  type AwsCallSettings,
  type AwsClientOptions,
  type AwsOutcome,
} from "../aws/client.ts";
import { partsWithin, type PartAnswer, type SendPart } from "../aws/deliver-in-parts.ts";
import type { AwsFailure } from "../aws/verdict.ts";
import { bytesPerLogEvent, largestRequestBytes } from "./log-event.ts";

const mostEvents = 10_000;
const longestSpanMs = 24 * 3_600_000;

export interface LogItem {
  /** Epoch ms. */
  readonly at: number;
  readonly message: string;
}

/** Items in the order of their time, in requests that CloudWatch Logs takes: 10,000 events, 1 MiB, 24 hours. */
export function logParts<Item extends LogItem>(
  items: readonly Item[],
): readonly (readonly Item[])[] {
  const inOrder = items.toSorted((a, b) => a.at - b.at);
  return partsWithin(inOrder, () => {
    let count = 0;
    let bytes = 0;
    let from: number | undefined;
    return ({ at, message }) => {
      count += 1;
      bytes += Buffer.byteLength(message) + bytesPerLogEvent;
      from ??= at;
      return count <= mostEvents && bytes <= largestRequestBytes && at - from <= longestSpanMs;
    };
  });
}

export interface LogsSettings {
  readonly options: AwsClientOptions;
  readonly group: string;
  readonly stream: string;
  readonly call: AwsCallSettings;
}

export interface Logs extends Disposable {
  /** One request, of a part of `logParts`. */
  readonly put: SendPart<LogItem>;
  /** Asks something that changes nothing. */
  ask(signal: AbortSignal): Promise<AwsOutcome<unknown>>;
}

/** Makes it; connects at the first request. */
export function createLogs({ options, group, stream, call }: LogsSettings): Logs {
  const at = { logGroupName: group, logStreamName: stream };
  const using = lazily(async () => {
    const aws = await import("@aws-sdk/client-cloudwatch-logs");
    return { aws, client: new aws.CloudWatchLogsClient(options) };
  });

  async function putEvents(items: readonly LogItem[], signal: AbortSignal) {
    const logEvents = items.map((item) => ({ timestamp: item.at, message: item.message }));
    return await callAws(
      async (ended) => {
        const { aws, client } = await using.get();
        const command = new aws.PutLogEventsCommand({ ...at, logEvents });
        return await client.send(command, { abortSignal: ended });
      },
      call,
      signal,
    );
  }

  /** What kept the stream from being made; undefined when it is there. */
  async function make(signal: AbortSignal): Promise<AwsFailure | undefined> {
    const { aws, client } = await using.get();
    const steps = [
      (abortSignal: AbortSignal) =>
        client.send(new aws.CreateLogGroupCommand({ logGroupName: group }), { abortSignal }),
      (abortSignal: AbortSignal) =>
        client.send(new aws.CreateLogStreamCommand(at), { abortSignal }),
    ];
    for (const step of steps) {
      const made = await callAws<unknown>(step, call, signal);
      if (made.kind === "failed" && made.failure.name !== "ResourceAlreadyExistsException") {
        return made.failure;
      }
    }
    return undefined;
  }

  return {
    async put(items, signal) {
      let outcome = await putEvents(items, signal);
      if (outcome.kind === "failed" && outcome.failure.name === "ResourceNotFoundException") {
        const failure = await make(signal);
        if (failure !== undefined) return asSetting(failure);
        outcome = await putEvents(items, signal);
      }
      if (outcome.kind === "failed") return outcome.failure.verdict;
      return answersOf(items, outcome.answer.rejectedLogEventsInfo);
    },
    ask: (signal) =>
      callAws<unknown>(
        async (ended) => {
          const { aws, client } = await using.get();
          const command = new aws.DescribeLogStreamsCommand({
            logGroupName: group,
            logStreamNamePrefix: stream,
            limit: 1,
          });
          return await client.send(command, { abortSignal: ended });
        },
        call,
        signal,
      ),
    [Symbol.dispose]: () => using.made()?.client.destroy(),
  };
}

/** What is invalid when a group or a stream is made is its name: no fault of the records. */
function asSetting({ verdict }: AwsFailure): PartAnswer {
  return verdict.kind === "retry" ? verdict : { kind: "misconfigured", why: verdict.why };
}

/** CloudWatch Logs takes a request without the events at either end whose time it does not take. */
function answersOf(
  items: readonly LogItem[],
  rejected: RejectedLogEventsInfo | undefined,
): readonly RecordDelivery[] {
  const {
    tooOldLogEventEndIndex: old = 0,
    expiredLogEventEndIndex: expired = 0,
    tooNewLogEventStartIndex: tooNew = items.length,
  } = rejected ?? {};
  return items.map((_, i) => {
    if (i < old) return { kind: "refused", why: "its time is too old for CloudWatch Logs" };
    if (i < expired)
      return { kind: "refused", why: "its time is beyond the log group's retention" };
    if (i >= tooNew) return { kind: "refused", why: "its time is too far in the future" };
    return { kind: "sent" };
  });
}
