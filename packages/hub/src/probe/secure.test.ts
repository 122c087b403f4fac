import assert from "node:assert/strict";
import { test } from "node:test";
import type { TlsOptions } from "node:tls";
import { systemClock } from "../model/clock.ts";
import {
  certificate,
  checkOnce,
  kindOf,
  serve,
  serveTls,
  tarpit,
  testAuthority,
  testParts,
} from "./probe.kit.ts";

const ca = testAuthority();

interface Row {
  readonly says: string;
  readonly server: TlsOptions;
  readonly settings?: Record<string, unknown>;
  /** null: up. */
  readonly message: RegExp | null;
  /** Certificates in the evidence. */
  readonly chain?: number;
}

const rows: readonly Row[] = [
  { says: "a good certificate", server: certificate("good"), message: null },
  {
    says: "one that has expired",
    server: certificate("expired"),
    message: /^certificate: it has expired$/,
    chain: 1,
  },
  {
    says: "one that is not valid yet",
    server: certificate("not-yet-valid"),
    message: /^certificate: it is not valid yet$/,
    chain: 1,
  },
  {
    says: "one for another name",
    server: certificate("wrong-name"),
    message: /^certificate: Hostname\/IP does not match.*localhost.*other\.example/,
    chain: 1,
  },
  {
    says: "a self-signed one",
    server: certificate("self-signed"),
    message: /^certificate: it is self-signed$/,
    chain: 1,
  },
  {
    says: "one of an authority nobody knows",
    server: certificate("unknown-authority"),
    message: /its issuer is not known/,
    chain: 1,
  },
  {
    says: "one whose intermediate has expired",
    server: certificate("expired-intermediate"),
    message: /^certificate: it has expired$/,
    chain: 2,
  },
  {
    says: "one with a short key",
    server: { ...certificate("weak-key"), ciphers: "DEFAULT@SECLEVEL=0" },
    message: /a key or a signature that is too weak$/,
  },
  {
    says: "one signed with SHA-1",
    server: { ...certificate("weak-digest"), ciphers: "DEFAULT@SECLEVEL=0" },
    message: /a key or a signature that is too weak$/,
  },
  {
    says: "an old protocol",
    server: {
      ...certificate("good"),
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    },
    message: /TLS handshake with localhost: /,
  },
  {
    says: "a chosen server name",
    server: certificate("wrong-name"),
    settings: { tls: { ca, server_name: "other.example" } },
    message: null,
  },
  {
    says: "a chosen server name that does not fit",
    server: certificate("good"),
    settings: { tls: { ca, server_name: "other.example" } },
    message: /does not match/,
    chain: 1,
  },
  {
    says: "an expired one where none is verified",
    server: certificate("expired"),
    settings: { tls: { verify: false } },
    message: null,
  },
  {
    says: "a self-signed one where none is verified",
    server: certificate("self-signed"),
    settings: { tls: { verify: false } },
    message: null,
  },
  {
    says: "a good one without its authority",
    server: certificate("good"),
    settings: { tls: {} },
    message: /its issuer is not known/,
    chain: 1,
  },
];

for (const row of rows) {
  for (const kind of ["tls", "tcp", "http"] as const) {
    test(`${kind}: ${row.says} is ${row.message === null ? "up" : "down"}`, async (t) => {
      const port = await serveTls(t, row.server, (socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
      });
      const target =
        kind === "http" ? { url: `https://localhost:${port}/` } : { host: "localhost", port };
      const settings = {
        ...target,
        ...(kind === "tcp" ? { use_tls: true } : {}),
        tls: { ca },
        ...row.settings,
      };
      const outcome = await checkOnce(kindOf(kind), settings);
      if (row.message === null) {
        assert.equal(outcome.result, "up", JSON.stringify(outcome));
        assert.ok(outcome.result === "up" && outcome.certificateDays !== null);
        return;
      }
      assert.ok(outcome.result === "down", JSON.stringify(outcome));
      assert.equal(outcome.reason, "tls");
      assert.match(outcome.message, row.message);
      if (row.chain !== undefined) assert.equal(certificatesIn(outcome.evidence).length, row.chain);
    });
  }
}

function certificatesIn(evidence: unknown): readonly unknown[] {
  const tls: unknown = Reflect.get(Object(evidence), "tls");
  const list: unknown = Reflect.get(Object(tls), "certificates");
  return Array.isArray(list) ? list : [];
}

test("the evidence names subject, issuer, names, times and fingerprint", async (t) => {
  const port = await serveTls(t, certificate("expired"), tarpit);
  const outcome = await checkOnce(kindOf("tls"), { host: "localhost", port, tls: { ca } });
  assert.ok(outcome.result === "down");
  const [leaf] = certificatesIn(outcome.evidence);
  const { fingerprint_sha256: fingerprint, serial, ...rest } = Object(leaf);
  assert.match(String(fingerprint), /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.match(String(serial), /^[0-9A-F]+$/);
  assert.deepEqual(rest, {
    subject: "CN=localhost",
    issuer: "CN=Belfry test authority",
    names: "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    valid_from: "2020-01-01T00:00:00.000Z",
    valid_to: "2021-01-01T00:00:00.000Z",
    key: "ec prime256v1",
    signature: "ecdsa-with-SHA256",
  });
  assert.equal(outcome.measurements["probe_ssl_earliest_cert_expiry"], Date.UTC(2021, 0) / 1_000);
  assert.equal(outcome.certificate?.name, "localhost");
});

test("the earliest expiry is that of the whole chain, and days are counted to it", async (t) => {
  const port = await serveTls(t, certificate("expired-intermediate"), tarpit);
  const nowMs = Date.UTC(2020, 11, 22);
  const parts = testParts(
    {},
    { clock: { now: () => nowMs, monotonicMs: () => systemClock.monotonicMs() } },
  );
  const outcome = await checkOnce(kindOf("tls", parts), {
    host: "localhost",
    port,
    tls: { verify: false },
  });
  assert.ok(outcome.result === "up");
  assert.equal(outcome.certificateDays, 10);
  assert.match(outcome.certificate?.name ?? "", /intermediate/i, "it is the one that ends first");
  assert.match(outcome.certificate?.fingerprint ?? "", /^[0-9a-f]{64}$/);
  assert.equal(outcome.certificate?.expiresAt, Date.UTC(2021, 0));
  assert.equal(outcome.measurements["probe_ssl_earliest_cert_expiry"], Date.UTC(2021, 0) / 1_000);
});

for (const [leastDays, up] of [
  [9, true],
  [10, true],
  [11, false],
] as const) {
  test(`ten days left are ${up ? "enough" : "too few"} where ${leastDays} are asked for`, async (t) => {
    const port = await serveTls(t, certificate("good"), tarpit);
    const nowMs = Date.UTC(2125, 11, 22);
    const parts = testParts(
      {},
      { clock: { now: () => nowMs, monotonicMs: () => systemClock.monotonicMs() } },
    );
    const settings = { host: "localhost", port, tls: { ca }, least_days: leastDays };
    const outcome = await checkOnce(kindOf("tls", parts), settings);
    assert.equal(outcome.result, up ? "up" : "down");
    if (outcome.result === "down") {
      assert.equal(outcome.message, "the certificate has 10.0 days left, expected at least 11");
    }
  });
}

test("a server that asks for a client certificate gets it", async (t) => {
  const options = { ...certificate("good"), ca, requestCert: true, rejectUnauthorized: true };
  const port = await serveTls(t, options, (socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  });
  const settings = { url: `https://localhost:${port}/`, tls: { ca } };
  const refused = await checkOnce(kindOf("http"), settings);
  assert.ok(refused.result === "down");
  assert.equal(refused.reason, "tls");
  assert.match(refused.message, /certificate required/);
  const { cert, key } = certificate("client");
  const outcome = await checkOnce(kindOf("http"), {
    ...settings,
    client_certificate: { certificate: cert, key },
  });
  assert.equal(outcome.result, "up", JSON.stringify(outcome));
});

test("nothing is sent to a peer that could not be verified", async (t) => {
  let heard = "";
  const port = await serveTls(t, certificate("expired"), (socket) => {
    socket.on("data", (bytes) => (heard += bytes.toString()));
  });
  await checkOnce(kindOf("http"), {
    url: `https://localhost:${port}/`,
    tls: { ca },
    auth: { kind: "bearer", token: "geheim" },
  });
  assert.equal(heard, "");
});

const plain = [
  {
    says: "speaks without TLS",
    answer: "HTTP/1.1 400 Bad Request\r\n\r\n",
    reason: "tls",
    message: /wrong version number/,
  },
  {
    says: "closes during the handshake",
    answer: "",
    reason: "reset",
    message: /TLS handshake with localhost/,
  },
] as const;

for (const row of plain) {
  test(`a server that ${row.says} is down: ${row.reason}`, async (t) => {
    const port = await serve(t, (socket) => socket.once("data", () => socket.end(row.answer)));
    const outcome = await checkOnce(kindOf("tls"), { host: "localhost", port });
    assert.ok(outcome.result === "down");
    assert.equal(outcome.reason, row.reason);
    assert.match(outcome.message, row.message);
  });
}
