/** Where the intake listens: an address of the network, or a socket in the file system. */
import { chmod, lstat, rename, rm } from "node:fs/promises";
import { connect, type Server } from "node:net";

export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Who may open a socket of ours: its owner and its group. */
const socketMode = 0o660;

/** Listens; rejects with an error of the system when that cannot be. What it is reached by, `http://…` or `unix:…`. */
export async function listen(server: Server, address: ListenAddress): Promise<string> {
  if (address.kind === "tcp") {
    await started(server, () => server.listen(address.port, address.host));
    return urlOf(server);
  }
  await mustBeFree(address.path);
  // Its name appears when its mode is right, and takes the place of one that was left behind, in one step.
  const temporary = `${address.path}.${process.pid}`;
  await rm(temporary, { force: true });
  await started(server, () => server.listen(temporary));
  await chmod(temporary, socketMode);
  await rename(temporary, address.path);
  return `unix:${address.path}`;
}

/** Takes the name of a socket out of the file system. */
export async function leave(address: ListenAddress): Promise<void> {
  if (address.kind === "unix") await rm(address.path, { force: true });
}

async function started(server: Server, begin: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.once("listening", resolve);
  begin();
  await promise;
  server.off("error", reject);
}

/** Rejects where something is that is no socket, or a socket that somebody listens on. */
async function mustBeFree(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw taken(path, "there is a file of that name, and it is no socket");
  if (await isAnswered(path)) throw taken(path, "another process listens on it");
}

async function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => resolve(true));
  socket.once("error", (error) => {
    // ENOENT: whoever it was has just left.
    if (isCode(error, "ECONNREFUSED") || isCode(error, "ENOENT")) resolve(false);
    else reject(error);
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function taken(path: string, why: string): Error {
  return Object.assign(new Error(`${path}: ${why}`), { code: "EADDRINUSE", syscall: "listen" });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return String(address);
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
