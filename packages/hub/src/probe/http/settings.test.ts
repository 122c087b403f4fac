import assert from "node:assert/strict";
import { test } from "node:test";
import { certificate, kindOf, testAuthority } from "../probe.kit.ts";
import { statusTest } from "./status-range.ts";

const kind = kindOf("http");
const url = "https://example.org/";

test("a URL is all that is needed; the rest has defaults", () => {
  assert.deepEqual(kind.parseSettings({ url }), {
    kind: "ok",
    value: {
      url,
      method: "GET",
      accepted_status: ["200-299"],
      assertions: [],
      headers: {},
      secret_headers: {},
      redirects: { mode: "follow", limit: 10 },
      ip_version: "any",
      tls: { verify: true },
      body_limit_bytes: 10_485_760,
    },
  });
});

test("everything that can be set is taken as it is", () => {
  const { cert, key } = certificate("client");
  const settings = {
    url: "http://[::1]:8080/a?b=c",
    method: "POST",
    accepted_status: ["200", "3xx", "400-404"],
    auth: { kind: "bearer", token: "abc" },
    headers: { Host: "a.example", "X-Y": "ä" },
    secret_headers: { "X-Key": "k" },
    body: { kind: "json", value: { a: [1, null, "x"] } },
    redirects: { mode: "forbid", limit: 1 },
    ip_version: "6",
    tls: { verify: false, ca: testAuthority(), server_name: "a.example" },
    client_certificate: { certificate: cert, key },
    proxy: { url: "http://proxy.example:3128", username: "u", password: "p" },
    body_limit_bytes: 1_024,
    assertions: [
      { kind: "status", comparison: "<", value: 300 },
      { kind: "header", name: "Server", comparison: "exists" },
      { kind: "body", comparison: "matches", value: "(?i)ok" },
      { kind: "json_path", path: "$.a[0]", comparison: "==", value: null },
      { kind: "response_time", most_seconds: 0.5 },
      { kind: "certificate_days", least_days: 14 },
    ],
  };
  assert.deepEqual(kind.parseSettings(settings), { kind: "ok", value: settings });
});

/** One thing wrong, and the exact problem: path and message. */
const refused: readonly (readonly [
  settings: Record<string, unknown>,
  path: string,
  message: string | RegExp,
])[] = [
  [{ url: "" }, "url", 'expected a URL of at most 4096 characters, found ""'],
  [{ url: "example.org" }, "url", "expected a URL like https://example.org/"],
  [
    { url: "ftp://example.org/" },
    "url",
    "expected a URL that begins with http:// or https://, found ftp:",
  ],
  [
    { url: "javascript:alert(1)" },
    "url",
    "expected a URL that begins with http:// or https://, found javascript:",
  ],
  [
    { url: "https://me:geheim@example.org/" },
    "url",
    "credentials do not belong in the URL; use `auth`",
  ],
  [{ url: "https://a..b/" }, "url", "expected a URL with a valid host"],
  [{ url: "https://example.org:99999/" }, "url", "expected a URL like https://example.org/"],
  [
    { url: `https://example.org/${"a".repeat(5_000)}` },
    "url",
    /^expected a URL of at most 4096 characters/,
  ],
  [{ url: 5 }, "url", "expected a URL of at most 4096 characters, found 5"],
  [{ method: "get" }, "method", /^expected one of "GET"/],
  [{ accepted_status: [] }, "accepted_status", /^expected a list of 1 to 50 items/],
  [
    { accepted_status: ["600"] },
    "accepted_status[0]",
    'expected a status like "200", "200-299", "2xx", found "600"',
  ],
  [
    { accepted_status: ["299-200"] },
    "accepted_status[0]",
    "expected a range that begins with the smaller status",
  ],
  [{ accepted_status: "200" }, "accepted_status", /^expected a list/],
  [{ auth: { kind: "digest" } }, "auth.kind", 'expected one of "basic", "bearer", found "digest"'],
  [{ auth: { kind: "basic", username: "a" } }, "auth.password", "is required"],
  [
    { auth: { kind: "basic", username: "a:b", password: "c" } },
    "auth.username",
    "must not contain a colon (RFC 7617)",
  ],
  [
    { auth: { kind: "bearer", token: "a b" } },
    "auth.token",
    "expected printable ASCII without spaces",
  ],
  [{ headers: { "a b": "c" } }, "headers.a b", "is not a header name"],
  [{ headers: { A: "b\r\nC: d" } }, "headers.A", "expected printable Latin-1 text on one line"],
  [{ headers: { A: "b\u0000" } }, "headers.A", "expected printable Latin-1 text on one line"],
  [{ headers: { A: "日" } }, "headers.A", "expected printable Latin-1 text on one line"],
  [
    { headers: { "Content-Length": "5" } },
    "headers.Content-Length",
    "is set by Belfry and cannot be chosen",
  ],
  [
    { secret_headers: { "transfer-encoding": "x" } },
    "secret_headers.transfer-encoding",
    "is set by Belfry and cannot be chosen",
  ],
  [
    { body: { kind: "raw", content: "a" } },
    "body",
    "a GET request has no body; choose another method",
  ],
  [{ method: "POST", body: { kind: "json" } }, "body.value", "is required"],
  [
    { method: "POST", body: { kind: "xml" } },
    "body.kind",
    'expected one of "json", "form", "raw", found "xml"',
  ],
  [{ method: "POST", body: { kind: "form", fields: { a: 1 } } }, "body.fields.a", /^expected text/],
  [
    { method: "POST", body: { kind: "raw", content: "a", content_type: "a\nb" } },
    "body.content_type",
    "expected printable Latin-1 text on one line",
  ],
  [
    { redirects: { mode: "follow", limit: 0 } },
    "redirects.limit",
    "expected a whole number from 1 to 50, found 0",
  ],
  [{ redirects: { hops: 3 } }, "redirects.hops", "is not a known key"],
  [{ ip_version: 4 }, "ip_version", 'expected one of "any", "4", "6", found 4'],
  [
    { tls: { ca: "-----BEGIN RSA PRIVATE KEY-----\ngeheim" } },
    "tls.ca",
    "expected certificates in PEM form",
  ],
  [
    { tls: { ca: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----" } },
    "tls.ca",
    "expected certificates in PEM form",
  ],
  [
    { client_certificate: { certificate: "x", key: "geheim" } },
    "client_certificate",
    "OpenSSL cannot use this certificate with this key and passphrase",
  ],
  [
    {
      client_certificate: { certificate: certificate("client").cert, key: certificate("good").key },
    },
    "client_certificate",
    "OpenSSL cannot use this certificate with this key and passphrase",
  ],
  [
    { proxy: { url: "socks5://a/" } },
    "proxy.url",
    "expected a URL that begins with http://, found socks5:",
  ],
  [
    { proxy: { url: "http://u:p@a/" } },
    "proxy.url",
    "credentials do not belong in the URL; use `proxy.username` and `proxy.password`",
  ],
  [
    { body_limit_bytes: 1e12 },
    "body_limit_bytes",
    /^expected a whole number from 1024 to 104857600/,
  ],
  [{ assertions: [{ kind: "mood" }] }, "assertions[0].kind", /^expected one of "status", "header"/],
  [
    { assertions: [{ kind: "header", name: "A", comparison: "==" }] },
    "assertions[0].value",
    "is required",
  ],
  [
    { assertions: [{ kind: "body", comparison: "matches", value: "a(" }] },
    "assertions[0].value",
    /^expected a regular expression in RE2 syntax/,
  ],
  [
    { assertions: [{ kind: "body", comparison: "matches", value: "(?=a)" }] },
    "assertions[0].value",
    /^expected a regular expression in RE2 syntax/,
  ],
  [
    { assertions: [{ kind: "body", comparison: "matches", value: "a{1000}{1000}" }] },
    "assertions[0].value",
    /^expected a regular expression in RE2 syntax/,
  ],
  [
    { assertions: [{ kind: "body", comparison: "matches", value: "a".repeat(1_001) }] },
    "assertions[0].value",
    "expected a pattern of at most 1000 characters",
  ],
  [
    { assertions: [{ kind: "body", comparison: "matches", value: "a".repeat(10_000) }] },
    "assertions[0].value",
    /^expected text of 1 to 8192 characters/,
  ],
  [
    { assertions: [{ kind: "json_path", path: "a.b", comparison: "exists" }] },
    "assertions[0].path",
    'expected a path like $.a.b[0], found "a.b"',
  ],
  [
    { assertions: [{ kind: "json_path", path: "$.a", comparison: "matches", value: 5 }] },
    "assertions[0].value",
    "expected a regular expression",
  ],
  [
    { assertions: [{ kind: "response_time", most_seconds: Number.NaN }] },
    "assertions[0].most_seconds",
    /^expected a number/,
  ],
  [
    { assertions: [{ kind: "response_time", most_seconds: 1, least: 2 }] },
    "assertions[0].least",
    "is not a known key",
  ],
];

for (const [settings, path, message] of refused) {
  test(`refuses ${JSON.stringify(settings).slice(0, 70)}`, () => {
    const parsed = kind.parseSettings({ url, ...settings }, "settings");
    assert.ok(parsed.kind === "bad", "was accepted");
    assert.equal(parsed.problems.length, 1, JSON.stringify(parsed.problems));
    const [problem] = parsed.problems;
    assert.equal(problem?.path, `settings.${path}`);
    if (typeof message === "string") assert.equal(problem?.message, message);
    else assert.match(problem?.message ?? "", message);
    assert.doesNotMatch(JSON.stringify(parsed), /geheim/);
  });
}

test("refuses settings without a URL", () => {
  const problems = [{ path: "settings.url", message: "is required" }];
  assert.deepEqual(kind.parseSettings({}, "settings"), { kind: "bad", problems });
});

test("names every problem, those of a variant without those of the others", () => {
  const settings = { url, hat: 1, auth: { kind: "basic", username: 3, token: "" }, method: "X" };
  const parsed = kind.parseSettings(settings);
  assert.ok(parsed.kind === "bad");
  assert.deepEqual(parsed.problems.map((problem) => problem.path).toSorted(), [
    "auth.password",
    "auth.token",
    "auth.username",
    "hat",
    "method",
  ]);
});

const targets: readonly (readonly [url: string, target: string, host: string])[] = [
  ["HTTP://EXAMPLE.org:80", "http://example.org/", "example.org"],
  ["https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4", "xn--bcher-kva.example"],
  ["http://[0:0::1]:81/", "http://[::1]:81/", "::1"],
  ["http://2130706433/", "http://127.0.0.1/", "127.0.0.1"],
];

for (const [given, target, host] of targets) {
  test(`${given} is the target ${target} on ${host}`, () => {
    const parsed = kind.parseSettings({ url: given });
    assert.ok(parsed.kind === "ok");
    assert.equal(kind.targetOf(parsed.value), target);
    assert.equal(kind.hostOf(parsed.value), host);
  });
}

const statuses: readonly (readonly [
  entries: readonly string[],
  status: number,
  accepted: boolean,
])[] = [
  [["200"], 200, true],
  [["200"], 201, false],
  [["200-299"], 200, true],
  [["200-299"], 299, true],
  [["200-299"], 300, false],
  [["2xx"], 204, true],
  [["2XX"], 199, false],
  [["404", "5xx"], 503, true],
  [["1xx"], 101, true],
];

for (const [entries, status, accepted] of statuses) {
  test(`${entries.join(", ")} ${accepted ? "accepts" : "does not accept"} ${status}`, () => {
    assert.equal(statusTest(entries)(status), accepted);
  });
}
