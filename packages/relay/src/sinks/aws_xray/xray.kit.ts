/** A fake of X-Ray (`PutTraceSegments`), strict about what its reference says of segment documents. */
import { AwsFault, fieldsOf, listOf, type FakeService, type Fields } from "../aws/aws.kit.ts";

export interface FakeXRay {
  readonly service: FakeService;
  /** Documents that were taken, in the order they came. */
  readonly taken: Fields[];
  /** How many documents each request had. */
  readonly requests: number[];
  /** By `trace/id`: the latest document, which replaces those before. */
  readonly segments: Map<string, Fields>;
  /** Documents of events with these keys are not processed, with this code. */
  readonly unprocessed: Map<string, string>;
  /** Whether documents that are not processed are named by their id. */
  namesIds: boolean;
}

/** A fake of X-Ray. */
export function createFakeXRay(): FakeXRay {
  const fake: FakeXRay = {
    service: {
      signedAs: "xray",
      operations: {
        "/TraceSegments": (body) => putSegments(body, fake),
        "/GetSamplingRules": () => ({ SamplingRuleRecords: [] }),
      },
    },
    taken: [],
    requests: [],
    segments: new Map(),
    unprocessed: new Map(),
    namesIds: true,
  };
  return fake;
}

function putSegments(body: Fields, fake: FakeXRay): object {
  const documents = listOf(body["TraceSegmentDocuments"]);
  if (documents.length === 0 || documents.length > 50) {
    throw new AwsFault("InvalidRequestException", `${documents.length} documents`);
  }
  fake.requests.push(documents.length);
  const unprocessed: object[] = [];
  for (const text of documents) {
    if (typeof text !== "string") throw new AwsFault("SerializationException", "expected text");
    const document = fieldsOf(JSON.parse(text));
    const wrong = faultOf(document, text) ?? plannedFault(document, fake);
    if (wrong === undefined) take(document, fake);
    else {
      const { code, message } = wrong;
      const id = fake.namesIds ? { Id: document["id"] } : {};
      unprocessed.push({ ...id, ErrorCode: code, Message: message });
    }
  }
  return { UnprocessedTraceSegments: unprocessed };
}

/** A segment that is complete is not opened again. */
function take(document: Fields, fake: FakeXRay): void {
  const key = `${String(document["trace_id"])}/${String(document["id"])}`;
  const before = fake.segments.get(key);
  if (document["in_progress"] === true && before !== undefined) {
    throw new Error(`${key} was there before it began`);
  }
  fake.taken.push(document);
  fake.segments.set(key, document);
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

function plannedFault(document: Fields, { unprocessed }: FakeXRay): Fault | undefined {
  const code = unprocessed.get(keyOf(document));
  return code === undefined ? undefined : { code, message: `not processed: ${code}` };
}

/** Key of the event a document was made of. */
export function keyOf(document: Fields): string {
  const own = fieldsOf(fieldsOf(document["metadata"])["wafer_monitor"]);
  return String(own["idempotency_key"]);
}

const known = new Set(
  `id name trace_id start_time end_time in_progress service type parent_id annotations metadata
   fault error cause`.split(/\s+/),
);

function faultOf(document: Fields, text: string): Fault | undefined {
  const message = [...rules(document, text)].find((one) => one !== undefined);
  return message === undefined ? undefined : { code: "InvalidSegment", message };
}

function* rules(document: Fields, text: string): Generator<string | undefined> {
  const { id, name, trace_id, start_time, end_time, in_progress, type, parent_id } = document;
  const unless = (isRight: boolean, message: string) => (isRight ? undefined : message);
  yield unless(Buffer.byteLength(text) <= 64_000, "larger than 64 kB");
  yield* Object.keys(document).map((key) => unless(known.has(key), `no field ${key}`));
  yield unless(isHex(id), "id");
  yield unless(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(String(trace_id)), "trace_id");
  const isName = typeof name === "string" && /^[\p{L}\p{N}\s_.:/%&#=+\\@-]{1,200}$/u.test(name);
  yield unless(isName && name.trim() !== "", "name");
  yield unless(typeof start_time === "number" && start_time > 0, "start_time");
  yield unless((end_time === undefined) === (in_progress === true), "end_time or in_progress");
  yield unless(
    end_time === undefined || Number(end_time) >= Number(start_time),
    "end before start",
  );
  yield unless(type === undefined || type === "subsegment", "type");
  yield unless(type === undefined || isHex(parent_id), "parent_id of a subsegment");
  yield unless(type === undefined || document["service"] === undefined, "service of a subsegment");
  const annotations = Object.entries(fieldsOf(document["annotations"] ?? {}));
  yield unless(annotations.length <= 50, "annotations");
  for (const [key, value] of annotations) {
    yield unless(/^[A-Za-z0-9_.]{1,500}$/.test(key), `annotation ${key}`);
    const isScalar = ["string", "number", "boolean"].includes(typeof value);
    yield unless(isScalar && String(value).length <= 1_000, `value of ${key}`);
  }
  for (const one of listOf(fieldsOf(document["cause"] ?? {})["exceptions"] ?? [])) {
    const exception = fieldsOf(one);
    yield unless(isHex(exception["id"]), "id of an exception");
    yield unless(exception["cause"] === undefined || isHex(exception["cause"]), "cause");
  }
}

function isHex(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}
