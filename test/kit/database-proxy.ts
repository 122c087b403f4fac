/**
 * The way of one process to the database, which can be cut: a TCP proxy on a free port of the loopback.
 *
 * States: open → silent (nothing comes through in either direction and nobody is told, as when a cable is pulled: what
 * was sent arrives after all when it is joined) → open; open → refused (connections are reset, new ones refused, as by a
 * firewall) → open.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface DatabaseProxy extends AsyncDisposable {
  /** The database as it is reached through here. */
  readonly url: string;
  /** Nothing comes through any more. */
  cut(how: "silent" | "refused"): Promise<void>;
  /** Everything comes through again. */
  join(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Opens a way to a database that is named by its URL. */
export async function openDatabaseProxy(database: string): Promise<DatabaseProxy> {
  const target = new URL(database);
  const pairs = new Set<Pair>();
  /** Came while nothing came through. */
  const held = new Set<Socket>();
  /** Every socket that is not closed. */
  const open = new Set<Socket>();
  let isSilent = false;
  let server: Server | null = null;
  let port = 0;

  function keep(socket: Socket): void {
    open.add(socket);
    // A way keeps no process alive: those at its ends do.
    socket.unref();
    socket.once("close", () => open.delete(socket));
  }

  function accept(near: Socket): void {
    keep(near);
    near.on("error", () => near.destroy());
    if (!isSilent) return lead(near);
    near.pause();
    held.add(near);
    near.once("close", () => held.delete(near));
  }

  function lead(near: Socket): void {
    if (near.destroyed) return;
    const far = connect(Number(target.port), target.hostname);
    keep(far);
    far.setNoDelay(true);
    near.setNoDelay(true);
    const pair = { near, far };
    pairs.add(pair);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => one.destroy());
      one.once("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  async function listen(): Promise<void> {
    const fresh = createServer(accept).listen(port, "127.0.0.1");
    await once(fresh, "listening");
    const address = fresh.address();
    if (typeof address === "object" && address !== null) port = address.port;
    fresh.unref();
    server = fresh;
  }

  async function refuse(): Promise<void> {
    const closed = server;
    server = null;
    if (closed === null) return;
    const isClosed = once(closed, "close");
    closed.close();
    for (const { near, far } of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
    for (const near of held) near.resetAndDestroy();
    await isClosed;
  }

  function silence(): void {
    isSilent = true;
    for (const { near, far } of pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  }

  await listen();
  return {
    url: Object.assign(new URL(database), { host: `127.0.0.1:${port}` }).href,
    async cut(how) {
      if (how === "refused") await refuse();
      else silence();
    },
    async join() {
      if (server === null) await listen();
      if (!isSilent) return;
      isSilent = false;
      for (const { near, far } of pairs) {
        near.pipe(far);
        far.pipe(near);
      }
      for (const near of held) lead(near);
      held.clear();
    },
    async [Symbol.asyncDispose]() {
      await refuse();
      for (const socket of open) socket.destroy();
    },
  };
}
