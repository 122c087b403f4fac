import assert from "node:assert/strict";
import { test } from "node:test";
import { evidencePieces } from "./evidence-pieces.ts";

test("the evidence of an HTTP check is sorted into its pieces", () => {
  const pieces = evidencePieces({
    method: "GET",
    url: "https://a/",
    remote_address: "127.0.0.1:443",
    status: 503,
    status_text: "Service Unavailable",
    phases: { connect: 0.001, note: "x" },
    headers: { "content-type": "text/plain" },
    tls: {
      protocol: "TLSv1.3",
      certificates: [
        { subject: "CN=a", issuer: "CN=b", names: "DNS:a", valid_from: "f", valid_to: "t" },
      ],
    },
    body: "sorry",
    redirects: [{ url: "http://a/", status: 301 }],
  });
  assert.deepEqual(pieces.lines, [
    ["Status", "503 Service Unavailable"],
    ["Method", "GET"],
    ["URL", "https://a/"],
    ["Remote address", "127.0.0.1:443"],
    ["TLS protocol", "TLSv1.3"],
  ]);
  assert.deepEqual(pieces.phases, { connect: 0.001 });
  assert.deepEqual(pieces.headers, [["content-type", "text/plain"]]);
  assert.deepEqual(pieces.certificates, [
    { subject: "CN=a", issuer: "CN=b", names: "DNS:a", validFrom: "f", validTo: "t" },
  ]);
  assert.equal(pieces.body, "sorry");
  assert.deepEqual(
    pieces.others.map(([name]) => name),
    ["redirects"],
  );
});

test("nothing of an unexpected shape is lost", () => {
  const pieces = evidencePieces({
    phases: "none",
    headers: ["a"],
    tls: 1,
    body: { a: 1 },
    status: "odd",
    answer: null,
  });
  assert.deepEqual(pieces.lines, [
    ["Status", "odd"],
    ["Answer", "null"],
    ["TLS", "1"],
    ["Phases", "none"],
  ]);
  assert.deepEqual(
    pieces.others.map(([name]) => name),
    ["headers", "body"],
  );
});
