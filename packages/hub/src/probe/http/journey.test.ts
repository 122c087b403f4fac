import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import type { Outcome } from "../../model/outcome.ts";
import {
  certificate,
  checkOnce,
  kindOf,
  serve,
  serveTls,
  testAuthority,
  testParts,
} from "../probe.kit.ts";

/** Answers by path and keeps the requests. */
function site(
  pages: Readonly<Record<string, string>>,
  requests: string[],
): (socket: Socket) => void {
  return (socket) =>
    socket.once("data", (bytes: Buffer) => {
      const request = bytes.toString("latin1");
      requests.push(request);
      const path = request.split(" ")[1] ?? "";
      socket.end(pages[path] ?? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    });
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const to = (location: string, status = 302): string =>
  `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;

function firstLines(requests: readonly string[]): string[] {
  return requests.map((request) => request.split("\r\n")[0] ?? "");
}

function field(request: string | undefined, name: string): string | undefined {
  const line = request?.split("\r\n").find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

async function visit(
  t: TestContext,
  pages: Readonly<Record<string, string>>,
  path: string,
  settings = {},
): Promise<{ outcome: Outcome; requests: string[]; port: number }> {
  const requests: string[] = [];
  const port = await serve(t, site(pages, requests));
  const outcome = await checkOnce(kindOf("http"), {
    url: `http://127.0.0.1:${port}${path}`,
    ...settings,
  });
  return { outcome, requests, port };
}

test("a request says what it should, in full", async (t) => {
  const { requests, port, outcome } = await visit(t, { "/a%20b?c=%C3%A4": ok }, "/a b?c=ä#d");
  assert.equal(outcome.result, "up");
  assert.deepEqual(requests, [
    `GET /a%20b?c=%C3%A4 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: Belfry\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: close\r\n\r\n`,
  ]);
});

const bodies = [
  { body: { kind: "json", value: { a: "ä" } }, type: "application/json", sent: '{"a":"ä"}' },
  {
    body: { kind: "form", fields: { a: "b c", ä: "&" } },
    type: "application/x-www-form-urlencoded",
    sent: "a=b+c&%C3%A4=%26",
  },
  { body: { kind: "raw", content: "x" }, type: "text/plain; charset=utf-8", sent: "x" },
  {
    body: { kind: "raw", content: "<a/>", content_type: "text/xml" },
    type: "text/xml",
    sent: "<a/>",
  },
] as const;

for (const { body, type, sent } of bodies) {
  test(`a body of ${type} is sent with its type and length`, async (t) => {
    const { requests } = await visit(t, { "/": ok }, "/", { method: "POST", body });
    const [request = ""] = requests;
    assert.equal(field(request, "content-type"), type);
    assert.equal(field(request, "content-length"), String(Buffer.byteLength(sent)));
    assert.equal(Buffer.from(request.split("\r\n\r\n")[1] ?? "", "latin1").toString(), sent);
  });
}

test("credentials and headers are sent as set, and may replace our own", async (t) => {
  const { requests } = await visit(t, { "/": ok }, "/", {
    auth: { kind: "basic", username: "ä", password: "b:c" },
    headers: { "user-agent": "mine", "Accept-Encoding": "identity", Host: "a.example" },
    secret_headers: { "X-Key": "k" },
  });
  const [request] = requests;
  assert.equal(field(request, "authorization"), `Basic ${Buffer.from("ä:b:c").toString("base64")}`);
  assert.equal(field(request, "user-agent"), "mine");
  assert.equal(field(request, "accept-encoding"), "identity");
  assert.equal(field(request, "host"), "a.example");
  assert.equal(field(request, "x-key"), "k");
});

test("redirects are followed, counted, and their phases added up", async (t) => {
  const pages = { "/": to("/b/c", 301), "/b/c": to("../d?e", 308), "/d?e": ok };
  const { outcome, requests } = await visit(t, pages, "/");
  assert.ok(outcome.result === "up");
  assert.equal(outcome.measurements["probe_http_redirects"], 2);
  assert.deepEqual(firstLines(requests), [
    "GET / HTTP/1.1",
    "GET /b/c HTTP/1.1",
    "GET /d?e HTTP/1.1",
  ]);
});

const endings: readonly {
  readonly says: string;
  readonly pages: Record<string, string>;
  readonly settings?: object;
  readonly message: RegExp;
}[] = [
  {
    says: "in a circle",
    pages: { "/": to("/b"), "/b": to("/") },
    message: /^redirected in a circle by 302 to "\/"$/,
  },
  { says: "to itself", pages: { "/": to("/#x") }, message: /in a circle/ },
  {
    says: "without an end",
    pages: Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [i === 0 ? "/" : `/${i}`, to(`/${i + 1}`)]),
    ),
    message: /^more than 10 redirects$/,
  },
  {
    says: "more often than allowed",
    pages: { "/": to("/b"), "/b": to("/c"), "/c": ok },
    settings: { redirects: { limit: 1 } },
    message: /^more than 1 redirects$/,
  },
  {
    says: "though forbidden",
    pages: { "/": to("/b"), "/b": ok },
    settings: { redirects: { mode: "forbid" } },
    message: /^redirected by 302 to "\/b", which is forbidden here$/,
  },
  {
    says: "without Location",
    pages: { "/": "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n" },
    message: /^302 without Location$/,
  },
  {
    says: "to another protocol",
    pages: { "/": to("file:///etc/passwd") },
    message: /no http or https URL/,
  },
  {
    says: "to a script",
    pages: { "/": to("javascript:alert(1)") },
    message: /no http or https URL/,
  },
  {
    says: "to no URL at all",
    pages: { "/": to("http://[::zz]/") },
    message: /no http or https URL/,
  },
  { says: "to a host that is none", pages: { "/": to("http://a..b/") }, message: /no valid host/ },
];

for (const row of endings) {
  test(`a redirect ${row.says} is down: redirect`, async (t) => {
    const { outcome } = await visit(t, row.pages, "/", row.settings);
    assert.ok(outcome.result === "down", JSON.stringify(outcome));
    assert.equal(outcome.reason, "redirect");
    assert.match(outcome.message, row.message);
    assert.ok(Array.isArray(outcome.evidence["redirects"]));
  });
}

test("a redirect that is kept is judged itself", async (t) => {
  const settings = { redirects: { mode: "keep" }, accepted_status: ["302"] };
  const { outcome, requests } = await visit(
    t,
    { "/": to("http://169.254.169.254/") },
    "/",
    settings,
  );
  assert.equal(outcome.result, "up");
  assert.equal(requests.length, 1);
});

test("a redirect to an address the guard refuses is not followed", async (t) => {
  const { outcome } = await visit(t, { "/": to("http://169.254.169.254/latest/meta-data/") }, "/");
  assert.ok(outcome.result === "unknown");
  assert.equal(outcome.reason, "guard");
});

const methods: readonly (readonly [
  status: number,
  method: string,
  next: string,
  hasBody: boolean,
])[] = [
  [301, "POST", "GET", false],
  [302, "POST", "GET", false],
  [303, "POST", "GET", false],
  [303, "PUT", "GET", false],
  [303, "HEAD", "HEAD", false],
  [301, "PUT", "PUT", true],
  [307, "POST", "POST", true],
  [308, "POST", "POST", true],
];

for (const [status, method, next, hasBody] of methods) {
  test(`${method} behind ${status} becomes ${next}${hasBody ? " with its body" : ""}`, async (t) => {
    const body = method === "HEAD" ? {} : { body: { kind: "raw", content: "x" } };
    const { requests } = await visit(t, { "/": to("/b", status), "/b": ok }, "/", {
      method,
      ...body,
    });
    const [, second = ""] = requests;
    assert.ok(second.startsWith(`${next} /b `));
    assert.equal(second.endsWith("\r\n\r\nx"), hasBody);
  });
}

test("credentials do not reach another origin, on the way there and back", async (t) => {
  const elsewhere: string[] = [];
  const there: string[] = [];
  let home = 0;
  const away = await serve(t, (socket) =>
    site({ "/x": to(`http://127.0.0.1:${home}/back`) }, elsewhere)(socket),
  );
  home = await serve(t, site({ "/": to(`http://127.0.0.1:${away}/x`), "/back": ok }, there));
  const outcome = await checkOnce(kindOf("http"), {
    url: `http://127.0.0.1:${home}/`,
    auth: { kind: "bearer", token: "geheim" },
    headers: { Cookie: "geheim=1", Host: "home.example", "X-Plain": "y" },
    secret_headers: { "X-Key": "geheim" },
  });
  assert.equal(outcome.result, "up");
  assert.equal(elsewhere.length, 1);
  assert.doesNotMatch(elsewhere[0] ?? "", /geheim|home\.example/);
  assert.equal(field(elsewhere[0], "x-plain"), "y");
  assert.equal(field(elsewhere[0], "host"), `127.0.0.1:${away}`);
  assert.equal(field(there[1], "authorization"), "Bearer geheim");
});

test("the client certificate is not shown to another origin", async (t) => {
  const shown: boolean[] = [];
  const options = {
    ...certificate("good"),
    ca: testAuthority(),
    requestCert: true,
    rejectUnauthorized: false,
  };
  const answerWith = (answer: () => string) => (socket: Socket) => {
    shown.push("authorized" in socket && socket.authorized === true);
    socket.once("data", () => socket.end(answer()));
  };
  const away = await serveTls(
    t,
    options,
    answerWith(() => ok),
  );
  const home = await serveTls(
    t,
    options,
    answerWith(() => to(`https://localhost:${away}/`)),
  );
  const { cert, key } = certificate("client");
  const outcome = await checkOnce(kindOf("http"), {
    url: `https://localhost:${home}/`,
    tls: { ca: testAuthority() },
    client_certificate: { certificate: cert, key },
  });
  assert.equal(outcome.result, "up", JSON.stringify(outcome));
  assert.deepEqual(shown, [true, false]);
});

/** A proxy that forwards what it is told to, and keeps the heads of what it was asked. */
function proxyTo(port: number, heads: string[]): (client: Socket) => void {
  return (client) =>
    client.once("data", (bytes: Buffer) => {
      heads.push(bytes.toString("latin1"));
      const upstream = connect(port, "127.0.0.1");
      upstream.on("error", () => client.destroy());
      client.on("close", () => upstream.destroy());
      if (heads.at(-1)?.startsWith("CONNECT") === true)
        client.write("HTTP/1.1 200 Connected\r\n\r\n");
      else upstream.write(bytes);
      client.pipe(upstream).pipe(client);
    });
}

test("an http target is asked for through a proxy by its whole URL", async (t) => {
  const heads: string[] = [];
  const target = await serve(t, site({ "http://nowhere.example/a": ok }, []));
  const proxy = await serve(t, proxyTo(target, heads));
  const outcome = await checkOnce(kindOf("http"), {
    url: "http://nowhere.example/a",
    proxy: { url: `http://127.0.0.1:${proxy}`, username: "u", password: "p" },
  });
  assert.equal(outcome.result, "up", JSON.stringify(outcome));
  assert.equal(firstLines(heads)[0], "GET http://nowhere.example/a HTTP/1.1");
  assert.equal(field(heads[0], "host"), "nowhere.example");
  assert.equal(
    field(heads[0], "proxy-authorization"),
    `Basic ${Buffer.from("u:p").toString("base64")}`,
  );
});

test("an https target is reached through CONNECT, and the proxy sees no more than its name", async (t) => {
  const heads: string[] = [];
  const target = await serveTls(t, certificate("good"), site({ "/secret": ok }, []));
  const proxy = await serve(t, proxyTo(target, heads));
  const outcome = await checkOnce(kindOf("http"), {
    url: "https://localhost:4433/secret",
    tls: { ca: testAuthority() },
    auth: { kind: "bearer", token: "geheim" },
    proxy: { url: `http://127.0.0.1:${proxy}` },
  });
  assert.equal(outcome.result, "up", JSON.stringify(outcome));
  assert.deepEqual(heads, [
    "CONNECT localhost:4433 HTTP/1.1\r\nHost: localhost:4433\r\nUser-Agent: Belfry\r\n\r\n",
  ]);
});

const refusals: readonly {
  readonly says: string;
  readonly answer: string;
  readonly url: string;
  readonly message: RegExp;
  readonly reason?: string;
}[] = [
  {
    says: "refuses to connect on",
    answer: "HTTP/1.1 403 No\r\n\r\n",
    url: "https://a.example/",
    message: /^the proxy answered 403 to CONNECT a\.example:443$/,
  },
  {
    says: "wants credentials for a tunnel",
    answer: "HTTP/1.1 407 Auth\r\n\r\n",
    url: "https://a.example/",
    message: /^the proxy answered 407/,
  },
  {
    says: "wants credentials",
    answer: "HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n",
    url: "http://a.example/",
    message: /wants other credentials \(407\)$/,
  },
  {
    says: "speaks something else",
    answer: "SSH-2.0\r\n\r\n",
    url: "https://a.example/",
    message: /^proxy: the answer does not begin like HTTP/,
  },
  {
    says: "hangs up",
    answer: "",
    url: "https://a.example/",
    message: /^proxy: the connection was closed without an answer$/,
  },
  {
    says: "cannot reach the target",
    answer: "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    url: "http://a.example/",
    reason: "status",
    message: /^status 502/,
  },
];

for (const row of refusals) {
  test(`a proxy that ${row.says} is down: ${row.reason ?? "proxy"}`, async (t) => {
    const port = await serve(t, (socket) => socket.once("data", () => socket.end(row.answer)));
    const outcome = await checkOnce(kindOf("http"), {
      url: row.url,
      proxy: { url: `http://127.0.0.1:${port}` },
    });
    assert.ok(outcome.result === "down", JSON.stringify(outcome));
    assert.equal(outcome.reason, row.reason ?? "proxy");
    assert.match(outcome.message, row.message);
  });
}

test("a proxy that is not there is down: proxy", async () => {
  const outcome = await checkOnce(kindOf("http"), {
    url: "http://a.example/",
    proxy: { url: "http://127.0.0.1:1" },
  });
  assert.equal(outcome.result === "down" && outcome.reason, "proxy");
});

test("the guard has a say about the proxy, and about addresses asked for through it", async (t) => {
  const proxy = await serve(t, (socket) => socket.destroy());
  const settings = [
    { url: "http://a.example/", proxy: { url: "http://169.254.169.254:80" } },
    { url: "http://169.254.169.254/", proxy: { url: `http://127.0.0.1:${proxy}` } },
    { url: "https://[::ffff:169.254.169.254]/", proxy: { url: `http://127.0.0.1:${proxy}` } },
  ];
  for (const each of settings) {
    const outcome = await checkOnce(kindOf("http", testParts()), each);
    assert.equal(outcome.result === "unknown" && outcome.reason, "guard", each.url);
  }
});
