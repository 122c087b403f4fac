/** One message to a Zabbix server and its reply: a connection, a frame each way, and a limit on the time of all of it. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { createFrameReader, frameOf } from "./frame.ts";
import type { ZabbixSettings, ZabbixTls } from "./settings.ts";

export type Reply =
  | { readonly kind: "reply"; readonly text: string }
  /** Nothing usable came. `isSetting`: trying again does not help, a setting has to change. */
  | { readonly kind: "failed"; readonly why: string; readonly isSetting: boolean };

/** Where to, and how. */
export type Route = Pick<ZabbixSettings, "server" | "security"> & { readonly timeoutMs: number };

/** Replies are some hundred bytes; a longer one is not from a Zabbix server. */
const longestReply = 1024 * 1024;

/** Sends a text and gives the text of the reply; never rejects. */
export async function exchange(text: string, route: Route, signal: AbortSignal): Promise<Reply> {
  const limit = AbortSignal.timeout(route.timeoutMs);
  const ended = AbortSignal.any([signal, limit]);
  let socket: Socket | undefined;
  let isShakingHands = false;
  // Everything below waits for the socket; when the time is over it is the socket that ends.
  const end = (): void => void socket?.destroy();
  ended.addEventListener("abort", end);
  try {
    const options = await optionsOf(route.security, route.server.host);
    if (options.kind === "failed") return options;
    ended.throwIfAborted();
    socket = await open(route.server, options.tls);
    ended.throwIfAborted();
    socket.write(frameOf(text));
    return await readReply(socket);
  } catch (error) {
    if (signal.aborted) return failed("it was told to end");
    if (limit.aborted) return failed(`no answer within ${route.timeoutMs} ms`);
    const failure = failureOf(error);
    if (!isShakingHands) return failure;
    // To a key or certificate it does not take, a server answers by hanging up.
    return failed(`it ended the TLS handshake: ${failure.why}`, true);
  } finally {
    ended.removeEventListener("abort", end);
    socket?.destroy();
  }

  async function open(
    { host, port }: Route["server"],
    tls: ConnectionOptions | undefined,
  ): Promise<Socket> {
    socket = tls === undefined ? connect({ host, port }) : connectTls({ ...tls, host, port });
    await once(socket, "connect", { signal: ended });
    if (tls === undefined) return socket;
    isShakingHands = true;
    await once(socket, "secureConnect", { signal: ended });
    isShakingHands = false;
    return socket;
  }
}

async function readReply(socket: Socket): Promise<Reply> {
  const reader = createFrameReader(longestReply);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const state = reader.add(chunk);
    if (state.kind === "whole") return { kind: "reply", text: state.text };
    if (state.kind === "wrong") return failed(`its reply is ${state.why}`);
  }
  return failed("the connection ended before its reply did");
}

type TlsOptions =
  | { readonly kind: "options"; readonly tls: ConnectionOptions | undefined }
  | Extract<Reply, { kind: "failed" }>;

/** Files are read anew each time: certificates are exchanged while a sidecar runs. */
async function optionsOf(security: ZabbixTls, host: string): Promise<TlsOptions> {
  switch (security.kind) {
    case "none":
      return { kind: "options", tls: undefined };
    case "psk": {
      const { identity, psk } = security;
      const tls: ConnectionOptions = {
        pskCallback: () => ({ identity, psk }),
        ciphers: "PSK",
        // There is no certificate whose name could be looked at: the key is the proof.
        checkServerIdentity: () => undefined,
      };
      return { kind: "options", tls };
    }
    case "cert": {
      const files: Record<string, Buffer> = {};
      for (const name of ["ca", "cert", "key"] as const) {
        try {
          files[name] = await readFile(security[name]);
        } catch (error) {
          return failed(`${name} cannot be read: ${messageOf(error)}`, true);
        }
      }
      const name = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
      const check = security.verifyHost ? {} : { checkServerIdentity: () => undefined };
      return { kind: "options", tls: { ...files, ...name, ...check, minVersion: "TLSv1.2" } };
    }
  }
}

/** Codes of Node and OpenSSL for keys and certificates that are not taken, by us or by the other side. */
const settingCode =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ALTNAME|ERR_SSL|ERR_OSSL|ERR_TLS|EPROTO/;

function failureOf(error: unknown): Extract<Reply, { kind: "failed" }> {
  const message = messageOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why = code === "" || message.includes(code) ? message : `${code}: ${message}`;
  return failed(why || "the connection failed", settingCode.test(code));
}

function failed(why: string, isSetting = false): Extract<Reply, { kind: "failed" }> {
  return { kind: "failed", why, isSetting };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
