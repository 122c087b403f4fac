import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { rootCertificates } from "node:tls";
import { isPem } from "./authority.ts";
import { createHttpClient, type HttpClientSettings } from "./http-client.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "belfry-authority-"));

/** A certificate for 127.0.0.1 that signed itself. */
function certify(name: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const made = spawnSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"].concat(
      ["-keyout", key, "-out", cert, "-days", "2", "-subj", `/CN=${name}`],
      ["-addext", "subjectAltName=IP:127.0.0.1"],
    ),
    { encoding: "utf8" },
  );
  assert.equal(made.status, 0, made.stderr);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

describe("an authority", { skip: hasOpenssl ? false : "openssl is not here" }, () => {
  const server = createServer((_request, response) => response.end("hello"));
  let ours = { key: "", cert: "" };
  let others = ours;
  before(async () => {
    ours = certify("ours");
    others = certify("others");
    server.setSecureContext(ours);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function get(settings: Partial<HttpClientSettings>): Promise<string> {
    using client = createHttpClient({ timeoutMs: 5_000, ...settings });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const outcome = await client.send({ method: "GET", url }, AbortSignal.timeout(10_000));
    if (outcome.kind === "answer") return outcome.body;
    return outcome.isSetting ? "not trusted" : outcome.why;
  }

  it("that is set is trusted, also as one of several", async () => {
    assert.equal(await get({ ca: ours.cert }), "hello");
    assert.equal(await get({ ca: `${others.cert}\n${ours.cert}` }), "hello");
  });

  it("that is not set is not, unless nothing is checked", async () => {
    assert.equal(await get({}), "not trusted");
    assert.equal(await get({ ca: others.cert }), "not trusted");
    assert.equal(await get({ ca: others.cert, verifyTls: false }), "hello");
  });

  it("is told from other texts", () => {
    assert.ok(isPem(ours.cert) && isPem(`# ours\n${ours.cert}${others.cert}`));
    for (const text of ["", "ca.pem", ours.key, ours.cert.replace("MII", "AAA")]) {
      assert.equal(isPem(text), false, text);
    }
    assert.ok(rootCertificates.every(isPem));
  });
});
