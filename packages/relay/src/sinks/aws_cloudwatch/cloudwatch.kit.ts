/** Fakes of CloudWatch (`PutMetricData`) and CloudWatch Logs, strict about every limit their reference publishes. */
import { AwsFault, fieldsOf, listOf, type FakeService, type Fields } from "../aws/aws.kit.ts";

/** A metric that was taken. */
export interface TakenMetric {
  readonly namespace: string;
  readonly name: string;
  /** Names and values, in order: `SiteId=fab1`. */
  readonly dimensions: readonly string[];
  readonly value: number;
  readonly unit: string;
  readonly at: number;
}

export interface FakeMetrics {
  readonly service: FakeService;
  readonly taken: TakenMetric[];
  /** How many metrics each request had. */
  readonly requests: number[];
}

/** A fake of CloudWatch. */
export function createFakeMetrics(): FakeMetrics {
  const taken: TakenMetric[] = [];
  const requests: number[] = [];
  const operations = {
    PutMetricData(body: Fields) {
      const namespace = textWithin(body, "Namespace", 255);
      check(/^[^:][\x20-\x7e]*$/.test(namespace) && !namespace.startsWith("AWS/"), "Namespace");
      const data = listOf(body["MetricData"]);
      check(data.length > 0 && data.length <= 1_000, `MetricData has ${data.length} members`);
      check(Buffer.byteLength(JSON.stringify(body)) <= 1_000_000, "the request exceeds 1 MB");
      const read = data.map((one) => readDatum(fieldsOf(one), namespace));
      taken.push(...read);
      requests.push(read.length);
      return {};
    },
    ListMetrics(body: Fields) {
      const names = new Set(
        taken.filter(({ namespace }) => namespace === body["Namespace"]).map(({ name }) => name),
      );
      return { Metrics: [...names].map((MetricName) => ({ MetricName })) };
    },
  };
  const service = { signedAs: "monitoring", target: "GraniteServiceVersion20100801.", operations };
  return { service, taken, requests };
}

const units =
  /^(Seconds|Microseconds|Milliseconds|((Bytes|Bits|Count)|(Kilo|Mega|Giga|Tera)(bytes|bits))(\/Second)?|Percent|None)$/;

function readDatum(datum: Fields, namespace: string): TakenMetric {
  const name = plain(textWithin(datum, "MetricName", 255), "MetricName");
  const dimensions = listOf(datum["Dimensions"] ?? []).map((one) => {
    const fields = fieldsOf(one);
    const key = plain(textWithin(fields, "Name", 255), "Dimension name");
    return `${key}=${plain(textWithin(fields, "Value", 1024), `Dimension ${key}`)}`;
  });
  check(dimensions.length <= 30, "there are more than 30 dimensions");
  const keys = dimensions.map((one) => one.split("=", 1)[0]);
  check(new Set(keys).size === keys.length, "a dimension comes twice");
  const { Value: value, Unit: unit, Timestamp: seconds } = datum;
  if (typeof value !== "number") throw faulty("Value is not a number");
  check(Math.abs(value) <= 2 ** 360, `Value ${value} is out of range`);
  if (typeof unit !== "string" || !units.test(unit)) throw faulty(`no unit: ${String(unit)}`);
  if (typeof seconds !== "number") throw faulty("Timestamp is not a time");
  check(isInTime(seconds * 1000), `Timestamp ${seconds} is out of range`);
  return { namespace, name, dimensions, value, unit, at: Math.round(seconds * 1000) };
}

function plain(text: string, what: string): string {
  check(/^[\x20-\x7e]+$/.test(text), `${what} has characters that are not ASCII`);
  check(text.trim() !== "" && !text.startsWith(":"), `${what} is blank or begins with a colon`);
  return text;
}

function textWithin(fields: Fields, name: string, max: number): string {
  const value = fields[name];
  if (typeof value !== "string") throw faulty(`${name} is required`);
  check(value.length >= 1 && value.length <= max, `${name} has ${value.length} characters`);
  return value;
}

function check(isRight: boolean, message: string): void {
  if (!isRight) throw faulty(message);
}

function faulty(message: string): AwsFault {
  return new AwsFault("InvalidParameterValueException", message);
}

function isInTime(at: number): boolean {
  return at >= Date.now() - 14 * 86_400_000 && at <= Date.now() + 2 * 3_600_000;
}

export interface FakeLogs {
  readonly service: FakeService;
  /** Messages that were taken, in the order they came. */
  readonly taken: Fields[];
  readonly streams: Set<string>;
  /** Requests with a message of these keys are refused. */
  readonly refused: Set<string>;
  /** Retention of the group, ms; nothing expires unless told otherwise. */
  retentionMs: number;
}

/** A fake of CloudWatch Logs, without groups at first. */
export function createFakeLogs(): FakeLogs {
  const groups = new Set<string>();
  const fake: FakeLogs = {
    service: {
      signedAs: "logs",
      target: "Logs_20140328.",
      operations: {
        CreateLogGroup: (body) =>
          add(groups, nameIn(body, "logGroupName", /^[.\-_/#A-Za-z0-9]{1,512}$/)),
        CreateLogStream(body) {
          if (!groups.has(String(body["logGroupName"]))) throw notFound("log group");
          const stream = nameIn(body, "logStreamName", /^[^:*]{1,512}$/);
          return add(fake.streams, `${String(body["logGroupName"])} ${stream}`);
        },
        DescribeLogStreams(body) {
          if (!groups.has(String(body["logGroupName"]))) throw notFound("log group");
          return { logStreams: [] };
        },
        PutLogEvents: (body) => putEvents(body, fake, groups),
      },
    },
    taken: [],
    streams: new Set(),
    refused: new Set(),
    retentionMs: Infinity,
  };
  return fake;
}

function putEvents(body: Fields, fake: FakeLogs, groups: ReadonlySet<string>): object {
  const group = String(body["logGroupName"]);
  if (!groups.has(group)) throw notFound("log group");
  if (!fake.streams.has(`${group} ${String(body["logStreamName"])}`)) throw notFound("log stream");
  const events = listOf(body["logEvents"]).map((one) => readEvent(fieldsOf(one)));
  const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0);
  logsCheck(events.length >= 1 && events.length <= 10_000, `${events.length} log events`);
  logsCheck(bytes <= 1_048_576, "Upload too large");
  const times = events.map(({ at }) => at);
  logsCheck(
    times.every((at, i) => i === 0 || at >= (times[i - 1] ?? 0)),
    "Log events in a single PutLogEvents request must be in chronological order.",
  );
  const inTime = times.filter(isInTime);
  const span = (inTime.at(-1) ?? 0) - (inTime[0] ?? 0);
  logsCheck(
    span <= 86_400_000,
    "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
  );
  const read = events.map(({ message }) => fieldsOf(JSON.parse(message)));
  const refused = read.find((one) => fake.refused.has(String(one["idempotency_key"])));
  logsCheck(refused === undefined, "Log event message is not taken");
  const old = times.filter((at) => at < Date.now() - 14 * 86_400_000).length;
  const expired = times.filter((at) => at < Date.now() - fake.retentionMs).length;
  const tooNew = times.findIndex((at) => at > Date.now() + 2 * 3_600_000);
  fake.taken.push(...read.slice(Math.max(old, expired), tooNew === -1 ? undefined : tooNew));
  const info = {
    ...(old > 0 ? { tooOldLogEventEndIndex: old } : {}),
    ...(expired > 0 ? { expiredLogEventEndIndex: expired } : {}),
    ...(tooNew === -1 ? {} : { tooNewLogEventStartIndex: tooNew }),
  };
  return Object.keys(info).length === 0 ? {} : { rejectedLogEventsInfo: info };
}

function readEvent({ timestamp, message }: Fields): { at: number; message: string } {
  logsCheck(Number.isInteger(timestamp), "timestamp is not a whole number");
  if (typeof message !== "string" || message === "") throw logsFault("message is required");
  logsCheck(Buffer.byteLength(message) <= 1_048_576, "Log event too large");
  return { at: Number(timestamp), message };
}

function nameIn(body: Fields, name: string, pattern: RegExp): string {
  const value = body[name];
  if (typeof value !== "string" || !pattern.test(value)) throw logsFault(`invalid ${name}`);
  return value;
}

function add(names: Set<string>, name: string): object {
  if (names.has(name)) {
    throw new AwsFault("ResourceAlreadyExistsException", "The specified resource already exists");
  }
  names.add(name);
  return {};
}

function notFound(what: string): AwsFault {
  return new AwsFault("ResourceNotFoundException", `The specified ${what} does not exist.`);
}

function logsCheck(isRight: boolean, message: string): void {
  if (!isRight) throw logsFault(message);
}

function logsFault(message: string): AwsFault {
  return new AwsFault("InvalidParameterException", message);
}
