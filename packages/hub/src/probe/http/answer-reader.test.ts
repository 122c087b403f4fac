import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AnswerReader, mostHeadBytes } from "./answer-reader.ts";
import { fieldOf } from "./head.ts";

interface Read {
  readonly outcome: string;
  readonly status: number | undefined;
  readonly body: string;
}

/** Feeds an answer in pieces of a size, and the end of the connection. */
function read(
  answer: string | Buffer,
  method = "GET",
  piece = Number.POSITIVE_INFINITY,
  limit = 1_000_000,
): Read {
  const bytes = typeof answer === "string" ? Buffer.from(answer, "latin1") : answer;
  const reader = new AnswerReader(method, { bodyBytes: limit, keepBytes: limit });
  for (let at = 0; at < bytes.length; at += piece)
    reader.push(Buffer.from(bytes.subarray(at, at + piece)));
  const before = reader.state;
  reader.end();
  const outcome =
    reader.problem === null
      ? before === "done"
        ? "done"
        : "done at the end"
      : `${reader.problem.reason}: ${reader.problem.message}`;
  return {
    outcome,
    status: reader.head?.status,
    body: Buffer.concat(reader.kept).toString("latin1"),
  };
}

const rows: readonly {
  readonly says: string;
  readonly answer: string;
  readonly method?: string;
  readonly outcome?: string;
  readonly body?: string;
  readonly status?: number;
}[] = [
  {
    says: "a body of a known length",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
  },
  { says: "no reason phrase", answer: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n" },
  { says: "an empty reason phrase", answer: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n" },
  {
    says: "HTTP/1.0",
    answer: "HTTP/1.0 200 OK\r\n\r\nold",
    body: "old",
    outcome: "done at the end",
  },
  {
    says: "a body up to the end of the connection",
    answer: "HTTP/1.1 200 OK\r\n\r\nok",
    body: "ok",
    outcome: "done at the end",
  },
  {
    says: "an empty body up to the end",
    answer: "HTTP/1.1 200 OK\r\n\r\n",
    outcome: "done at the end",
  },
  {
    says: "HEAD with a length",
    method: "HEAD",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
  },
  {
    says: "HEAD with a body all the same",
    method: "HEAD",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  },
  { says: "204", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status: 204 },
  { says: "304", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status: 304 },
  {
    says: "100 before the answer",
    answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
  },
  {
    says: "103 with fields, twice",
    answer:
      "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  },
  {
    says: "101 as the answer to an upgrade",
    answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00",
    status: 101,
  },
  { says: "bare LF as line ends", answer: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", body: "ok" },
  {
    says: "line ends of both kinds",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok",
    body: "ok",
  },
  {
    says: "a body with an empty line in it",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\na\n\nb\n\n",
    body: "a\n\nb\n\n",
  },
  {
    says: "garbage behind the body",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500",
    body: "ok",
  },
  {
    says: "the same length twice",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
  },
  {
    says: "the same length as a list",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    body: "ok",
  },
  {
    says: "chunks",
    answer:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n',
    body: "ok0123456789",
  },
  {
    says: "chunks with trailer fields",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n",
    body: "ok",
  },
  {
    says: "chunks with bare LF",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n",
    body: "ok",
  },
  {
    says: "chunks beside a length, which does not count",
    answer:
      "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    body: "ok",
  },
  { says: "folded fields", answer: "HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 0\r\n\r\n" },
  { says: "nothing", answer: "", outcome: "reset: the connection was closed without an answer" },
  {
    says: "half a head",
    answer: "HTTP/1.1 200 OK\r\nA: b",
    outcome: "reset: the connection was closed in the middle of the head",
  },
  {
    says: "half a body",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
    outcome: "reset: the connection was closed after 2 of 5 bytes of the body",
    body: "ok",
  },
  {
    says: "half a chunk",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
    outcome: "reset: the connection was closed after 2 bytes of the body",
    body: "ok",
  },
  {
    says: "chunks without an end",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    outcome: "reset: the connection was closed after 2 bytes of the body",
    body: "ok",
  },
  {
    says: "something else than HTTP",
    answer: "SSH-2.0-OpenSSH_9\r\n\r\n",
    outcome: 'protocol: the answer does not begin like HTTP/1: "SSH-2.0-OpenSSH_9"',
  },
  {
    says: "HTTP/2 in the open",
    answer: "HTTP/2 200\r\n\r\n",
    outcome: 'protocol: the answer does not begin like HTTP/1: "HTTP/2 200"',
  },
  {
    says: "a status of two digits",
    answer: "HTTP/1.1 20 OK\r\n\r\n",
    outcome: 'protocol: the answer does not begin like HTTP/1: "HTTP/1.1 20 OK"',
  },
  {
    says: "lengths that differ",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    outcome: 'protocol: Content-Length is "2, 3"',
    status: 200,
  },
  {
    says: "a negative length",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    outcome: 'protocol: Content-Length is "-2"',
    status: 200,
  },
  {
    says: "a length with a sign",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    outcome: 'protocol: Content-Length is "+2"',
    status: 200,
  },
  {
    says: "a length beyond counting",
    answer: `HTTP/1.1 200 OK\r\nContent-Length: ${"9".repeat(20)}\r\n\r\n`,
    outcome: `protocol: Content-Length is "${"9".repeat(20)}"`,
    status: 200,
  },
  {
    says: "a coding that was not asked for",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    outcome: 'protocol: transfer coding "gzip, chunked" was not asked for',
    status: 200,
  },
  {
    says: "a space before the colon",
    answer: "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    outcome: 'protocol: not a header field: "A : b"',
  },
  {
    says: "a line without a colon",
    answer: "HTTP/1.1 200 OK\r\nwhat\r\n\r\n",
    outcome: 'protocol: not a header field: "what"',
  },
  {
    says: "a field without a name",
    answer: "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
    outcome: 'protocol: not a header field: ": b"',
  },
  {
    says: "a fold before any field",
    answer: "HTTP/1.1 200 OK\r\n a: b\r\n\r\n",
    outcome: "protocol: the answer's first header field begins with a space",
  },
  {
    says: "a bare CR",
    answer: "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
    outcome: `protocol: a bare CR in the answer's head: "A: b?c"`,
  },
  {
    says: "U+0000",
    answer: "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
    outcome: "protocol: the answer's head contains U+0000",
  },
  {
    says: "a chunk size that is none",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    outcome: 'protocol: not a chunk size: "xyz"',
    status: 200,
  },
  {
    says: "a negative chunk size",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    outcome: 'protocol: not a chunk size: "-1"',
    status: 200,
  },
  {
    says: "a chunk longer than its size",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n",
    outcome: 'protocol: a chunk is longer than its size: "ay"',
    body: "ok",
    status: 200,
  },
  {
    says: "an endless chunk extension",
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;${"x".repeat(5_000)}`,
    outcome: "protocol: a chunk's size line or a trailer field is too long",
    status: 200,
  },
  {
    says: "endless trailer fields",
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(200)}`,
    outcome: "protocol: too many trailer fields",
    status: 200,
  },
  {
    says: "an endless head",
    answer: `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(20_000)}`,
    outcome: `too_large: the answer's head is larger than ${mostHeadBytes} bytes`,
  },
  {
    says: "an endless line",
    answer: `HTTP/1.1 200 ${"x".repeat(100_000)}`,
    outcome: `too_large: the answer's head is larger than ${mostHeadBytes} bytes`,
  },
  {
    says: "endless interim answers",
    answer: "HTTP/1.1 100 Continue\r\n\r\n".repeat(5_000),
    outcome: `too_large: the answer's head is larger than ${mostHeadBytes} bytes`,
  },
  {
    says: "very many fields",
    answer: `HTTP/1.1 200 OK\r\n${"a:\r\n".repeat(1_001)}\r\n`,
    outcome: "protocol: more than 1000 header fields",
  },
];

for (const row of rows) {
  test(`reads ${row.says}`, () => {
    const body = row.body ?? "";
    const outcome = row.outcome ?? "done";
    for (const piece of [Number.POSITIVE_INFINITY, 1, 2, 7, 4_096]) {
      const found = read(row.answer, row.method, piece);
      assert.deepEqual([found.outcome, found.body], [outcome, body], `in pieces of ${piece}`);
      if (row.status !== undefined) assert.equal(found.status, row.status);
    }
  });
}

test("a body larger than the limit is refused as soon as that is known", () => {
  const over = "the body is larger than 10 bytes";
  const sized = read("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", "GET", 100, 10);
  assert.equal(sized.outcome, `too_large: ${over} (11 bytes)`);
  const open = read("HTTP/1.1 200 OK\r\n\r\n01234567890", "GET", 100, 10);
  assert.equal(open.outcome, `too_large: ${over}`);
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n0123456789a";
  assert.equal(read(chunked, "GET", 100, 10).outcome, `too_large: ${over}`);
  assert.equal(
    read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", "GET", 3, 10).outcome,
    "done",
  );
});

test("no more of a body is kept than asked for, and all of it is counted", () => {
  const reader = new AnswerReader("GET", { bodyBytes: 1_000, keepBytes: 4 });
  reader.push(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n012"));
  reader.push(Buffer.from("345678"));
  assert.equal(reader.state, "done");
  assert.equal(Buffer.concat(reader.kept).toString(), "0123");
  assert.equal(reader.bodyBytes, 9);
});

test("repeated fields are joined, names compare without case, values are Latin-1", () => {
  const reader = new AnswerReader("GET", { bodyBytes: 9, keepBytes: 9 });
  reader.push(
    Buffer.from("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:  \xe9 \r\nB:\r\nC: d\r\n\te\r\n\r\n", "latin1"),
  );
  assert.ok(reader.head !== null);
  assert.equal(fieldOf(reader.head, "x-a"), "1, é");
  assert.equal(fieldOf(reader.head, "b"), "");
  assert.equal(fieldOf(reader.head, "c"), "d e");
  assert.equal(fieldOf(reader.head, "z"), undefined);
});

test("however an answer is cut into pieces, it is read the same", () => {
  const answers = rows.map(({ answer }) => answer).filter((answer) => answer.length < 1_000);
  fc.assert(
    fc.property(
      fc.constantFrom(...answers),
      fc.array(fc.integer({ min: 1, max: 40 })),
      (answer, cuts) => {
        const bytes = Buffer.from(answer, "latin1");
        const reader = new AnswerReader("GET", { bodyBytes: 1_000, keepBytes: 1_000 });
        let at = 0;
        for (const cut of cuts) {
          reader.push(Buffer.from(bytes.subarray(at, at + cut)));
          at += cut;
        }
        reader.push(Buffer.from(bytes.subarray(at)));
        reader.end();
        const whole = read(answer);
        assert.equal(Buffer.concat(reader.kept).toString("latin1"), whole.body);
        assert.equal(reader.head?.status, whole.status);
        assert.equal(reader.problem === null, whole.outcome.startsWith("done"));
      },
    ),
  );
});

test("whatever comes, nothing is thrown", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        "HTTP/1.1 200 OK\r\n",
        "\r\n",
        "\n",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
      ),
      fc.string(),
    ),
  );
  fc.assert(
    fc.property(pieces, (list) => {
      const reader = new AnswerReader("GET", { bodyBytes: 1_000, keepBytes: 1_000 });
      for (const piece of list) reader.push(Buffer.from(piece, "latin1"));
      reader.end();
      assert.ok(reader.state === "done" || reader.problem !== null);
    }),
  );
});
