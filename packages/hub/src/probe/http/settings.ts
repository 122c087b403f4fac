/** Settings of the `http` kind: the schema forms are drawn from, and what is checked beyond it. */
import { Type, type Static } from "typebox";
import type { Problem } from "@belfry/contract";
import { hostOfUrl } from "../address.ts";
import {
  advanced,
  ClientCertificateSchema,
  IpVersionSchema,
  tlsProblems,
  TlsSchema,
} from "../schema.ts";
import type { TlsMaterial } from "../secure.ts";
import { AssertionSchema, assertionProblems } from "./assertion.ts";
import { statusRangePattern } from "./status-range.ts";

const AuthSchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal("basic"),
        username: Type.String({ maxLength: 1_024, title: "User name" }),
        password: Type.String({ maxLength: 4_096, title: "Password" }),
      },
      { additionalProperties: false, title: "Basic" },
    ),
    Type.Object(
      {
        kind: Type.Literal("bearer"),
        token: Type.String({ minLength: 1, maxLength: 16_384, title: "Token" }),
      },
      { additionalProperties: false, title: "Bearer" },
    ),
  ],
  { title: "Authentication" },
);

const BodySchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal("json"),
        value: Type.Unknown({ title: "JSON", description: "Any JSON value" }),
      },
      { additionalProperties: false, title: "JSON" },
    ),
    Type.Object(
      {
        kind: Type.Literal("form"),
        fields: Type.Record(Type.String(), Type.String(), { title: "Fields", maxProperties: 200 }),
      },
      { additionalProperties: false, title: "Form" },
    ),
    Type.Object(
      {
        kind: Type.Literal("raw"),
        content: Type.String({ maxLength: 1_048_576, title: "Content", multiline: true }),
        content_type: Type.String({
          default: "text/plain; charset=utf-8",
          maxLength: 200,
          title: "Content type",
        }),
      },
      { additionalProperties: false, title: "Raw" },
    ),
  ],
  { title: "Body", ...advanced },
);

const RedirectsSchema = Type.Object(
  {
    mode: Type.Enum(["follow", "keep", "forbid"], {
      default: "follow",
      title: "Redirects",
      description:
        "follow: the answer behind them is judged; keep: the redirect itself is judged; forbid: a redirect is a failure",
    }),
    limit: Type.Integer({
      minimum: 1,
      maximum: 50,
      default: 10,
      title: "Most redirects",
      description: "More than this in one check is a failure",
    }),
  },
  { additionalProperties: false, default: {}, title: "Redirects", ...advanced },
);

const ProxySchema = Type.Object(
  {
    url: Type.String({
      maxLength: 4_096,
      title: "Proxy",
      description: "http://host:port; https targets are reached through CONNECT",
    }),
    username: Type.Optional(Type.String({ maxLength: 1_024, title: "User name" })),
    password: Type.Optional(Type.String({ maxLength: 4_096, title: "Password" })),
  },
  { additionalProperties: false, title: "HTTP proxy", ...advanced },
);

const headersSchema = Type.Record(Type.String(), Type.String({ maxLength: 8_192 }), {
  default: {},
  maxProperties: 100,
  title: "Headers",
  description: "Sent with each request; `host`, `user-agent` and `accept-encoding` may be replaced",
  ...advanced,
});

/** The settings. */
export const HttpSettingsSchema = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 4_096,
      title: "URL",
      description: "http:// or https://",
      expected: "a URL of at most 4096 characters",
    }),
    method: Type.Enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], {
      default: "GET",
      title: "Method",
    }),
    accepted_status: Type.Array(
      Type.String({
        pattern: statusRangePattern,
        expected: 'a status like "200", "200-299", "2xx"',
      }),
      {
        default: ["200-299"],
        minItems: 1,
        maxItems: 50,
        title: "Accepted status codes",
        description: "Codes, ranges or classes: 200, 200-299, 2xx",
      },
    ),
    assertions: Type.Array(AssertionSchema, {
      default: [],
      maxItems: 50,
      title: "Assertions",
      description: "All of them must hold",
    }),
    auth: Type.Optional(AuthSchema),
    headers: headersSchema,
    secret_headers: Type.Record(Type.String(), Type.String({ maxLength: 8_192 }), {
      default: {},
      maxProperties: 100,
      title: "Secret headers",
      description: "Headers whose values are never shown again; not sent on to another origin",
      ...advanced,
    }),
    body: Type.Optional(BodySchema),
    redirects: RedirectsSchema,
    ip_version: IpVersionSchema,
    tls: TlsSchema,
    client_certificate: Type.Optional(ClientCertificateSchema),
    proxy: Type.Optional(ProxySchema),
    body_limit_bytes: Type.Integer({
      minimum: 1_024,
      maximum: 104_857_600,
      default: 10_485_760,
      title: "Largest body",
      unit: "bytes",
      description:
        "A larger body is a failure, sent or unpacked; held in memory only for assertions",
      ...advanced,
    }),
  },
  { additionalProperties: false },
);
export type HttpSettings = Static<typeof HttpSettingsSchema>;

/** Settings that are never read back. */
export const httpSecrets = [
  "auth.password",
  "auth.token",
  "secret_headers.*",
  "client_certificate.key",
  "client_certificate.passphrase",
  "proxy.password",
] as const;

/** What the schema cannot say. */
export function httpProblems(settings: HttpSettings): Problem[] {
  return [
    ...urlProblems(settings.url, "url", ["http:", "https:"]),
    ...(settings.proxy === undefined
      ? []
      : urlProblems(settings.proxy.url, "proxy.url", ["http:"])),
    ...statusProblems(settings.accepted_status),
    ...headerProblems(settings.headers, "headers"),
    ...headerProblems(settings.secret_headers, "secret_headers"),
    ...bodyProblems(settings),
    ...authProblems(settings),
    ...tlsProblems(tlsMaterialOf(settings), "tls.ca", "client_certificate"),
    ...assertionProblems(settings.assertions),
  ];
}

/** The TLS part of the settings. */
export function tlsMaterialOf(settings: HttpSettings): TlsMaterial {
  return {
    verify: settings.tls.verify,
    ca: settings.tls.ca,
    serverName: settings.tls.server_name,
    cert: settings.client_certificate?.certificate,
    key: settings.client_certificate?.key,
    passphrase: settings.client_certificate?.passphrase,
    alpn: ["http/1.1"],
  };
}

function urlProblems(text: string, path: string, protocols: readonly string[]): Problem[] {
  const url = URL.parse(text);
  if (url === null) return [{ path, message: "expected a URL like https://example.org/" }];
  if (!protocols.includes(url.protocol)) {
    const expected = protocols.map((protocol) => `${protocol}//`).join(" or ");
    return [
      { path, message: `expected a URL that begins with ${expected}, found ${url.protocol}` },
    ];
  }
  if (url.username !== "" || url.password !== "") {
    const setting = path === "url" ? "`auth`" : "`proxy.username` and `proxy.password`";
    return [{ path, message: `credentials do not belong in the URL; use ${setting}` }];
  }
  if (hostOfUrl(url) === undefined) return [{ path, message: "expected a URL with a valid host" }];
  return [];
}

function statusProblems(entries: readonly string[]): Problem[] {
  return entries.flatMap((entry, i) => {
    const [from, to = from] = entry.split("-").map(Number);
    if (from === undefined || to === undefined || !(from > to)) return [];
    const message = "expected a range that begins with the smaller status";
    return [{ path: `accepted_status[${i}]`, message }];
  });
}

const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Decided by the exchange itself; another value would break the framing of the request. */
const ownHeaders = ["connection", "content-length", "transfer-encoding", "te", "trailer", "expect"];

function headerProblems(headers: Readonly<Record<string, string>>, path: string): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const at = `${path}.${name}`;
    if (!headerName.test(name)) problems.push({ path: at, message: "is not a header name" });
    else if (ownHeaders.includes(name.toLowerCase())) {
      problems.push({ path: at, message: "is set by Belfry and cannot be chosen" });
    }
    if (!headerValue.test(value)) {
      problems.push({ path: at, message: "expected printable Latin-1 text on one line" });
    }
  }
  return problems;
}

function bodyProblems({ body, method }: HttpSettings): Problem[] {
  if (body === undefined) return [];
  if (method === "GET" || method === "HEAD") {
    return [{ path: "body", message: `a ${method} request has no body; choose another method` }];
  }
  if (body.kind === "raw" && !headerValue.test(body.content_type)) {
    return [{ path: "body.content_type", message: "expected printable Latin-1 text on one line" }];
  }
  if (body.kind === "json" && !("value" in body))
    return [{ path: "body.value", message: "is required" }];
  return [];
}

function authProblems({ auth }: HttpSettings): Problem[] {
  if (auth?.kind === "basic" && auth.username.includes(":")) {
    return [{ path: "auth.username", message: "must not contain a colon (RFC 7617)" }];
  }
  if (auth?.kind === "bearer" && !/^[\x21-\x7e]+$/.test(auth.token)) {
    return [{ path: "auth.token", message: "expected printable ASCII without spaces" }];
  }
  return [];
}
