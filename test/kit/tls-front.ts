/** TLS before a hub, as a proxy would do it, with an authority that only who is told of it trusts. Needs `openssl`. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TlsFront extends AsyncDisposable {
  /** `https://127.0.0.1:PORT/`. */
  readonly url: string;
  /** PEM file of the authority. */
  readonly caFile: string;
}

/** Whether it can be had here. */
export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** Passes every request on to a hub. */
export async function startTlsFront(hub: string): Promise<TlsFront> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-tls-front-"));
  const [keyFile, caFile] = [join(folder, "key.pem"), join(folder, "ca.pem")];
  const made = spawnSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"].concat(
      ["-keyout", keyFile, "-out", caFile, "-days", "2", "-subj", "/CN=belfry-journey"],
      ["-addext", "subjectAltName=IP:127.0.0.1"],
    ),
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  const [key, cert] = await Promise.all([readFile(keyFile), readFile(caFile)]);
  const server = createServer({ key, cert }, (incoming, answer) => {
    const { method, url, headers } = incoming;
    const outgoing = request(new URL(url ?? "/", hub), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    outgoing.once("error", () => answer.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `https://127.0.0.1:${port}/`,
    caFile,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
