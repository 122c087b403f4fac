import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { createRangeReader, type RangeQuery, type RangeReader } from "./range-reader.ts";
import { destinationOf } from "./remote-write.kit.ts";

interface Engine {
  readonly reader: RangeReader;
  /** The queries it was asked, in any order, and who asked. */
  readonly asked: URLSearchParams[];
  readonly authorization: (string | undefined)[];
}

async function open(
  t: TestContext,
  status: number,
  text: (promql: string) => string,
): Promise<Engine> {
  const asked: URLSearchParams[] = [];
  const authorization: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const form = new URLSearchParams(body);
      asked.push(form);
      authorization.push(request.headers.authorization);
      response.writeHead(status).end(text(form.get("query") ?? ""));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const reader = createRangeReader(
    destinationOf({
      url: `${url}/api/v1/write`,
      read_url: `${url}/`,
      authorization: { credentials: "secret" },
      external_labels: { cluster: "eu1" },
    }),
  );
  assert.ok(reader !== undefined);
  t.after(() => {
    reader[Symbol.dispose]();
    server.close();
    server.closeAllConnections();
  });
  return { reader, asked, authorization };
}

const query: RangeQuery = {
  matchers: [
    { label: "__name__", operator: "=", value: "up" },
    { label: "job", operator: "=~", value: 'a"|b\\.' },
  ],
  from: 1_000_100,
  to: 1_130_000,
  stepMs: 60_000,
};

function matrix(...result: readonly object[]): string {
  return JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
}

describe("a reader of long ranges", () => {
  it("asks for whole buckets, a column at a time", async (t) => {
    const { reader, asked, authorization } = await open(t, 200, () => matrix());
    assert.deepEqual(await reader.read(query), []);
    const texts = new Set(asked.map((form) => form.get("query")));
    const selector = String.raw`{__name__="up",job=~"a\"|b\\."}[60000ms]`;
    const columns = ["count", "last", "max", "min", "sum"];
    assert.deepEqual(texts, new Set(columns.map((column) => `${column}_over_time(${selector})`)));
    const [first] = asked;
    // Buckets from 1,020 s on; each is asked for at its last millisecond.
    assert.deepEqual(
      [first?.get("start"), first?.get("end"), first?.get("step")],
      ["1079.999", "1139.999", "60.000"],
    );
    assert.deepEqual(new Set(authorization), new Set(["Bearer secret"]));
  });

  it("puts columns together, whatever the order, and takes off what was put on", async (t) => {
    const columns: Record<string, readonly [string, string]> = {
      min: ["1", "-Inf"],
      max: ["3", "+Inf"],
      sum: ["4", "NaN"],
      count: ["2", "5"],
      last: ["3", "7"],
    };
    const { reader } = await open(t, 200, (promql) => {
      const [a = "", b = ""] = columns[promql.split("_")[0] ?? ""] ?? [];
      const metric = { cluster: "eu1", job: "a" };
      const values = [
        [1079.999, a],
        [1139.999, b],
      ];
      return matrix({ metric: { ...metric, job: "b" }, values: [] }, { metric, values });
    });
    const found = await reader.read(query);
    assert.deepEqual(found[1], {
      key: { name: "up", labels: { job: "a" } },
      starts: Float64Array.of(1_020_000, 1_080_000),
      min: Float64Array.of(1, -Infinity),
      max: Float64Array.of(3, Infinity),
      sum: Float64Array.of(4, NaN),
      count: Float64Array.of(2, 5),
      last: Float64Array.of(3, 7),
    });
  });

  it("asks which metrics a selector means where it does not say", async (t) => {
    const { reader, asked } = await open(t, 200, (promql) =>
      promql.startsWith("group")
        ? matrix({ metric: { __name__: "up" } }, { metric: { __name__: "down" } })
        : matrix(),
    );
    await reader.read({ ...query, matchers: [{ label: "job", operator: "=", value: "a" }] });
    assert.equal(asked.length, 1 + 2 * 5);
  });

  for (const { title, status, text, says } of [
    { title: "an error", status: 422, text: "{}", says: /^Error: remote_write answered 422/ },
    { title: "what is no JSON", status: 200, text: "<html>", says: /answered 200 to a query/ },
    {
      title: "another kind of result",
      status: 200,
      text: '{"status":"success","data":{"result":7}}',
      says: /expected a matrix/,
    },
  ]) {
    it(`rejects ${title}, without a secret in what it says`, async (t) => {
      const { reader } = await open(t, status, () => text);
      await assert.rejects(reader.read(query), (error) => {
        assert.match(String(error), says);
        assert.doesNotMatch(String(error), /secret/);
        return true;
      });
    });
  }

  it("is none without an address to read from", () => {
    assert.equal(createRangeReader(destinationOf({ url: "http://127.0.0.1:1/" })), undefined);
  });
});
