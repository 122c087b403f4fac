/**
 * One HTTP check on the wire: dial, TLS, request, answer, and the same again behind each redirect. What happened is
 * written into a `Journey` as it happens, so that a failure shows how far the check came.
 */
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { hostAndPort, hostText, type Host, type IpAddress } from "../address.ts";
import type { Deadline } from "../deadline.ts";
import { dial, type DialReport } from "../dial.ts";
import { failed, faultOf, isDownReason, type Attempt, type Fault } from "../fault.ts";
import type { ProbeParts } from "../parts.ts";
import { secure, type TlsPlan, type TlsReport } from "../secure.ts";
import { AnswerReader, type AnswerLimits } from "./answer-reader.ts";
import { exchange, type ExchangeReport } from "./exchange.ts";
import { fieldOf, quoted } from "./head.ts";
import {
  connectRequest,
  redirectedRequest,
  type HttpRequest,
  type RequestSource,
} from "./request.ts";

/** A redirect that was met. */
export interface Redirect {
  readonly url: string;
  readonly status: number;
  readonly location: string;
}

/** What happened; the phases are sums over all redirects, as blackbox_exporter has them. */
export interface Journey extends DialReport, TlsReport, ExchangeReport {
  url: URL;
  isSecure: boolean;
  answer: AnswerReader | null;
  readonly redirects: Redirect[];
}

/** Prepared once per probe. */
export interface JourneyPlan extends RequestSource {
  readonly first: HttpRequest;
  readonly limits: AnswerLimits;
  /** With the client certificate, for the first origin. */
  readonly tls: TlsPlan;
  /** Without it, for other origins. */
  readonly tlsElsewhere: TlsPlan;
  readonly proxy: { readonly host: Host; readonly port: number } | null;
}

/** A journey before its first step. */
export function newJourney(url: URL): Journey {
  return {
    url,
    isSecure: false,
    resolveMs: 0,
    connectMs: 0,
    handshakeMs: 0,
    processingMs: 0,
    transferMs: 0,
    address: null as IpAddress | null,
    chain: [] as readonly X509Certificate[],
    protocol: null,
    cipher: null,
    answer: null,
    redirects: [],
  };
}

/** Travels to the answer that is to be judged; null when it is there, in `journey.answer`. */
export async function travel(
  plan: JourneyPlan,
  journey: Journey,
  deadline: Deadline,
  parts: ProbeParts,
): Promise<Fault | null> {
  let request = plan.first;
  const visited = new Set<string>();
  for (;;) {
    const reader = new AnswerReader(request.method, plan.limits);
    const fault = await ask(plan, request, reader, journey, deadline, parts);
    if (fault !== null) return fault;
    const location = redirectOf(reader);
    if (location === null || plan.settings.redirects.mode === "keep") return null;
    journey.redirects.push({ url: journey.url.href, status: statusOf(reader), location });
    if (visited.size === 0) visited.add(`${request.method} ${request.url.href}`);
    const next = nextRequest(plan, request, statusOf(reader), location, visited, journey);
    if (next.kind === "fault") return next.fault;
    request = next.value;
  }
}

/** One request and its answer on a connection of its own. */
async function ask(
  plan: JourneyPlan,
  request: HttpRequest,
  reader: AnswerReader,
  journey: Journey,
  deadline: Deadline,
  parts: ProbeParts,
): Promise<Fault | null> {
  journey.url = request.url;
  journey.isSecure = request.isSecure;
  journey.answer = null;
  journey.chain = [];
  const opened = await open(plan, request, journey, deadline, parts);
  if (opened.kind === "fault") return opened.fault;
  const socket = opened.value;
  const fault = await exchange(socket, request.bytes, reader, deadline, parts.clock, journey);
  socket.destroy();
  if (reader.head !== null) journey.answer = reader;
  return fault ?? proxyRefusal(plan, request, reader);
}

async function open(
  plan: JourneyPlan,
  request: HttpRequest,
  journey: Journey,
  deadline: Deadline,
  parts: ProbeParts,
): Promise<Attempt<Socket>> {
  const { host, port } = request;
  const ipVersion = plan.settings.ip_version;
  const dialled =
    plan.proxy === null
      ? await dial(host, port, ipVersion, deadline, parts, journey)
      : await throughProxy(plan, plan.proxy, request, journey, deadline, parts);
  if (dialled.kind === "fault" || !request.isSecure) return dialled;
  const tls = request.isFirstOrigin ? plan.tls : plan.tlsElsewhere;
  return await secure(dialled.value, host, tls, deadline, parts.clock, journey);
}

async function throughProxy(
  plan: JourneyPlan,
  proxy: { readonly host: Host; readonly port: number },
  request: HttpRequest,
  journey: Journey,
  deadline: Deadline,
  parts: ProbeParts,
): Promise<Attempt<Socket>> {
  const { host, port } = request;
  // The proxy looks names up itself; an address written out is still Belfry's to refuse.
  const refusal = host.kind === "address" ? parts.guard(host.address) : undefined;
  if (refusal !== undefined) return failed(faultOf("guard", refusal));
  const ipVersion = plan.settings.ip_version;
  const dialled = await dial(proxy.host, proxy.port, ipVersion, deadline, parts, journey);
  if (dialled.kind === "fault") return failed(asProxyFault(dialled.fault));
  if (!request.isSecure) return dialled;
  const socket = dialled.value;
  const authority = hostAndPort(host, port);
  const opening = connectRequest(authority, plan.settings, plan.userAgent);
  const reader = new AnswerReader("CONNECT", plan.limits);
  const times = { processingMs: 0, transferMs: 0 };
  const fault = await exchange(socket, opening, reader, deadline, parts.clock, times);
  journey.connectMs += times.processingMs + times.transferMs;
  const status = statusOf(reader);
  if (fault === null && status >= 200 && status < 300) {
    socket.pause();
    return dialled;
  }
  socket.destroy();
  if (fault !== null) return failed(asProxyFault(fault));
  const message = `the proxy answered ${status} to CONNECT ${authority}`;
  return failed(faultOf("proxy", message));
}

/** A proxy that cannot be used is reported as such, but whose fault a time-out is stays open. */
function asProxyFault(fault: Fault): Fault {
  if (!isDownReason(fault.reason) || fault.reason === "timeout") return fault;
  return { ...fault, reason: "proxy", message: `proxy: ${fault.message}` };
}

function proxyRefusal(plan: JourneyPlan, request: HttpRequest, reader: AnswerReader): Fault | null {
  if (plan.proxy === null || request.isSecure || statusOf(reader) !== 407) return null;
  return faultOf("proxy", `the proxy ${hostText(plan.proxy.host)} wants other credentials (407)`);
}

/** Where an answer redirects to, null when it does not. */
function redirectOf(reader: AnswerReader): string | null {
  const { head } = reader;
  if (head === null || ![301, 302, 303, 307, 308].includes(head.status)) return null;
  return fieldOf(head, "location") ?? "";
}

function nextRequest(
  plan: JourneyPlan,
  before: HttpRequest,
  status: number,
  location: string,
  visited: Set<string>,
  journey: Journey,
): Attempt<HttpRequest> {
  const { mode, limit } = plan.settings.redirects;
  const said = `${status} to ${quoted(location)}`;
  if (mode === "forbid") return broken(`redirected by ${said}, which is forbidden here`);
  if (journey.redirects.length > limit) return broken(`more than ${limit} redirects`);
  if (location === "") return broken(`${status} without Location`);
  // Locations are ASCII, but those that are not are UTF-8 in practice.
  const url = URL.parse(Buffer.from(location, "latin1").toString("utf8"), before.url.href);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return broken(`redirected by ${said}, which is no http or https URL`);
  }
  url.username = "";
  url.password = "";
  url.hash = "";
  const request = redirectedRequest(plan, before, status, url);
  if (request === undefined) return broken(`redirected by ${said}, which has no valid host`);
  const step = `${request.method} ${url.href}`;
  if (visited.has(step)) return broken(`redirected in a circle by ${said}`);
  visited.add(step);
  return { kind: "ok", value: request };
}

function broken(message: string): Attempt<never> {
  return failed(faultOf("redirect", message));
}

function statusOf(reader: AnswerReader): number {
  return reader.head?.status ?? 0;
}
