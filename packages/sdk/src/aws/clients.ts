/**
 * What is used of the AWS SDK's clients. The caller makes them and hands them in (`new CloudWatch()`, `new CloudWatchLogs()`,
 * `new XRay()` of the packages `@aws-sdk/client-…`), so that nothing of AWS is a dependency here. Lists are not `readonly`: those of the clients are not.
 */

export interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

export interface Datum {
  readonly MetricName: string;
  readonly Dimensions: { readonly Name: string; readonly Value: string }[];
  readonly Timestamp: Date;
  readonly Value: number;
  readonly Unit: "Count" | "Seconds" | "Megabytes" | "None";
}

/** `CloudWatch` of `@aws-sdk/client-cloudwatch`. */
export interface CloudWatchClient {
  putMetricData(
    input: { readonly Namespace: string; readonly MetricData: Datum[] },
    options?: CallOptions,
  ): Promise<unknown>;
}

export interface LogEvent {
  /** Epoch ms. */
  readonly timestamp: number;
  readonly message: string;
}

/** Indexes of the events that were not taken for their time: before the ends, from the start on. */
export interface RejectedLogEvents {
  readonly tooNewLogEventStartIndex?: number | undefined;
  readonly tooOldLogEventEndIndex?: number | undefined;
  readonly expiredLogEventEndIndex?: number | undefined;
}

/** `CloudWatchLogs` of `@aws-sdk/client-cloudwatch-logs`. */
export interface CloudWatchLogsClient {
  putLogEvents(
    input: {
      readonly logGroupName: string;
      readonly logStreamName: string;
      readonly logEvents: LogEvent[];
    },
    options?: CallOptions,
  ): Promise<{ readonly rejectedLogEventsInfo?: RejectedLogEvents | undefined }>;
  createLogGroup(input: { readonly logGroupName: string }, options?: CallOptions): Promise<unknown>;
  createLogStream(
    input: { readonly logGroupName: string; readonly logStreamName: string },
    options?: CallOptions,
  ): Promise<unknown>;
}

/** `XRay` of `@aws-sdk/client-xray`. */
export interface XRayClient {
  putTraceSegments(
    input: { readonly TraceSegmentDocuments: string[] },
    options?: CallOptions,
  ): Promise<{
    readonly UnprocessedTraceSegments?:
      | readonly {
          readonly Id?: string | undefined;
          readonly ErrorCode?: string | undefined;
          readonly Message?: string | undefined;
        }[]
      | undefined;
  }>;
}
