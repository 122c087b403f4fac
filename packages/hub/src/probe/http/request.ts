/** What is sent: made once per probe, and anew behind a redirect. */
import type { Host } from "../address.ts";
import { acceptedCodings } from "./content.ts";
import { hostOfUrl } from "../address.ts";
import type { HttpSettings } from "./settings.ts";

export interface HttpRequest {
  readonly url: URL;
  readonly host: Host;
  readonly port: number;
  readonly isSecure: boolean;
  readonly method: string;
  /** Whether it still goes to the origin of the first request: only then credentials are sent. */
  readonly isFirstOrigin: boolean;
  readonly hasBody: boolean;
  /** Head and body, ready to be written. */
  readonly bytes: Buffer;
}

/** What does not depend on where the request goes. */
export interface RequestSource {
  readonly settings: HttpSettings;
  readonly userAgent: string;
  readonly firstUrl: URL;
}

/** Makes the first request of a check. */
export function firstRequest(source: RequestSource): HttpRequest {
  const request = requestTo(source, source.firstUrl, source.settings.method, true);
  if (request === undefined) throw new TypeError("the URL was not checked before");
  return request;
}

/** Makes the request behind a redirect; undefined when that URL has no host to connect to. */
export function redirectedRequest(
  source: RequestSource,
  before: HttpRequest,
  status: number,
  url: URL,
): HttpRequest | undefined {
  // RFC 9110, 15.4: 303 becomes GET, and 301 and 302 of a POST do too, as every browser has it.
  const becomesGet =
    (status === 303 && before.method !== "HEAD") ||
    ((status === 301 || status === 302) && before.method === "POST");
  const method = becomesGet ? "GET" : before.method;
  return requestTo(source, url, method, before.hasBody && !becomesGet);
}

function requestTo(
  source: RequestSource,
  url: URL,
  method: string,
  mayHaveBody: boolean,
): HttpRequest | undefined {
  const host = hostOfUrl(url);
  if (host === undefined) return undefined;
  const isSecure = url.protocol === "https:";
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  const isFirstOrigin = url.origin === source.firstUrl.origin;
  const body = mayHaveBody ? bodyOf(source.settings) : null;
  const fields = fieldsOf(source, url, isFirstOrigin);
  if (body !== null) {
    if (!fields.has("content-type")) fields.set("content-type", ["Content-Type", body.type]);
    fields.set("content-length", ["Content-Length", String(body.bytes.length)]);
  }
  const { proxy } = source.settings;
  const isForwarded = proxy !== undefined && !isSecure;
  if (isForwarded) addProxyCredentials(fields, proxy);
  const path = `${url.pathname}${url.search}`;
  const target = isForwarded ? `${url.origin}${path}` : path;
  const head = headText(`${method} ${target} HTTP/1.1`, fields);
  const bytes = Buffer.concat([Buffer.from(head, "latin1"), body?.bytes ?? Buffer.alloc(0)]);
  return { url, host, port, isSecure, method, isFirstOrigin, hasBody: body !== null, bytes };
}

/** The request that opens a tunnel through the proxy. */
export function connectRequest(
  authority: string,
  settings: HttpSettings,
  userAgent: string,
): Buffer {
  const fields: Fields = new Map([
    ["host", ["Host", authority]],
    ["user-agent", ["User-Agent", userAgent]],
  ]);
  if (settings.proxy !== undefined) addProxyCredentials(fields, settings.proxy);
  return Buffer.from(headText(`CONNECT ${authority} HTTP/1.1`, fields), "latin1");
}

/** Header fields by lower-case name: as written, and the value. */
type Fields = Map<string, readonly [name: string, value: string]>;

function fieldsOf(
  { settings, userAgent }: RequestSource,
  url: URL,
  isFirstOrigin: boolean,
): Fields {
  const fields: Fields = new Map([
    ["host", ["Host", url.host]],
    ["user-agent", ["User-Agent", userAgent]],
    ["accept", ["Accept", "*/*"]],
    ["accept-encoding", ["Accept-Encoding", acceptedCodings]],
  ]);
  const { auth } = settings;
  if (isFirstOrigin && auth?.kind === "basic") {
    fields.set("authorization", ["Authorization", basic(auth.username, auth.password)]);
  }
  if (isFirstOrigin && auth?.kind === "bearer") {
    fields.set("authorization", ["Authorization", `Bearer ${auth.token}`]);
  }
  for (const [name, value] of Object.entries(settings.headers)) {
    if (isFirstOrigin || !isCredential(name)) fields.set(name.toLowerCase(), [name, value]);
  }
  if (isFirstOrigin) {
    for (const [name, value] of Object.entries(settings.secret_headers)) {
      fields.set(name.toLowerCase(), [name, value]);
    }
  }
  fields.set("connection", ["Connection", "close"]);
  return fields;
}

/** What must not reach another origin: credentials, and the host name meant for the first one. */
function isCredential(name: string): boolean {
  return ["authorization", "cookie", "proxy-authorization", "host"].includes(name.toLowerCase());
}

function addProxyCredentials(fields: Fields, proxy: NonNullable<HttpSettings["proxy"]>): void {
  if (proxy.username === undefined && proxy.password === undefined) return;
  const credentials = basic(proxy.username ?? "", proxy.password ?? "");
  fields.set("proxy-authorization", ["Proxy-Authorization", credentials]);
}

/** RFC 7617, UTF-8. */
function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function headText(firstLine: string, fields: Fields): string {
  const lines = [...fields.values()].map(([name, value]) => `${name}: ${value}`);
  return `${[firstLine, ...lines].join("\r\n")}\r\n\r\n`;
}

function bodyOf({ body }: HttpSettings): { readonly type: string; readonly bytes: Buffer } | null {
  switch (body?.kind) {
    case undefined:
      return null;
    case "json":
      return { type: "application/json", bytes: Buffer.from(JSON.stringify(body.value)) };
    case "form": {
      const form = new URLSearchParams(Object.entries(body.fields));
      return { type: "application/x-www-form-urlencoded", bytes: Buffer.from(form.toString()) };
    }
    case "raw":
      return { type: body.content_type, bytes: Buffer.from(body.content) };
  }
}

/** Every secret as it may come back in an answer: to be taken out of what is kept. */
export function secretTexts(settings: HttpSettings): string[] {
  const { auth, proxy } = settings;
  const texts = Object.values(settings.secret_headers);
  if (auth?.kind === "bearer") texts.push(auth.token);
  if (auth?.kind === "basic") {
    texts.push(auth.password, basic(auth.username, auth.password).slice("Basic ".length));
  }
  if (proxy?.password !== undefined) {
    texts.push(proxy.password, basic(proxy.username ?? "", proxy.password).slice("Basic ".length));
  }
  return texts;
}
