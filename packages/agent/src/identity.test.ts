import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readIdentity, type Identity } from "./identity.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "belfry-identity-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

function read(hostname = "web-1", override: string | null = null): Identity {
  const roots = { proc: join(root, "proc"), sys: join(root, "sys"), root };
  return readIdentity({ roots, stateDir: join(root, "state"), override, hostname });
}

const machineId = "0123456789abcdef0123456789abcdef";

describe("who a host is", () => {
  it("is derived from /etc/machine-id, which itself stays where it is", async () => {
    await put("etc/machine-id", `${machineId}\n`);
    const { machineId: id } = read();
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.notEqual(id, machineId);
    assert.equal(read("other-name").machineId, id);
  });

  it("is what it was told to be", async () => {
    await put("etc/machine-id", machineId);
    assert.equal(read("web-1", "clone-2").machineId, "clone-2");
  });

  it("is made from the firmware and kept where there is no machine id", async () => {
    await put("etc/machine-id", "uninitialized\n");
    await put("sys/class/dmi/id/product_uuid", "4C4C4544-0042-3510-8052-B4C04F4D3732\n");
    const { machineId: id } = read();
    assert.equal(await readFile(join(root, "state/host-id"), "utf8"), `${id}\n`);
    await rm(join(root, "sys"), { recursive: true });
    assert.equal(read("other-name").machineId, id);
  });

  it("is made from the name and kept where the firmware has none", async () => {
    await put("sys/class/dmi/id/product_uuid", "03000200-0400-0500-0006-000700080009\n");
    const { machineId: id } = read();
    assert.equal(read("other-name").machineId, id);
    await rm(join(root, "state"), { recursive: true });
    assert.notEqual(read("other-name").machineId, id);
  });

  it("has the id of the present boot", async () => {
    await put("proc/sys/kernel/random/boot_id", "6fe1c5a0-boot\n");
    assert.equal(read().bootId, "6fe1c5a0-boot");
  });
});
