import assert from "node:assert/strict";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { recordedPrograms } from "./darwin/recorded.kit.ts";
import { fileTree } from "./file-tree.kit.ts";
import { createDarwinHardware } from "./hardware.darwin.ts";
import { createDarwinUser } from "./user.darwin.ts";

test("a Mac: model, processor, system", async () => {
  using tree = fileTree();
  const run = recordedPrograms({
    sysctl: "sysctl-hardware.txt",
    sw_vers: "sw_vers.txt",
    ioreg: "ioreg-platform.txt",
  });
  using trial = new Trial(createDarwinHardware(run), tree.root);
  const values = await trial.round();
  assert.deepEqual(trial.facts.hardware, {
    vendor: "Apple",
    model: "Mac14,2",
    serial: "C02EXAMPLE01",
    cpu_model: "Apple M2",
    physical_cores: 8,
    logical_cores: 8,
    sockets: 1,
    memory_bytes: 17_179_869_184,
  });
  assert.equal(trial.facts.system?.distribution, "macOS 14.4.1");
  assert.equal(trial.facts.system?.virtualization, undefined);
  const os = 'build_id="23E224",name="macOS",pretty_name="macOS 14.4.1",version_id="14.4.1"';
  assert.equal(values[`node_os_info{${os}}`], 1);
});

test("programs that are not there leave out what they would tell", async () => {
  using tree = fileTree();
  using trial = new Trial(createDarwinHardware(recordedPrograms({})), tree.root);
  const values = await trial.round();
  assert.deepEqual(trial.facts.hardware, { vendor: "Apple" });
  assert.equal(Object.keys(values).length, 1);
});

test("who is logged in, and from where", async () => {
  using tree = fileTree();
  const run = recordedPrograms({ who: "who.txt" });
  using trial = new Trial(createDarwinUser(run), tree.root);
  assert.deepEqual(await trial.round(), { belfry_host_users: 2, belfry_host_logins: 3 });
  assert.deepEqual(trial.facts.users, [
    { name: "ada", terminal: "console" },
    { name: "ada", terminal: "ttys001" },
    { name: "bob", terminal: "ttys003", from: "192.0.2.9" },
  ]);
});
