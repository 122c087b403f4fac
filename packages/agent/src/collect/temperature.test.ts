import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Trial } from "./collector.kit.ts";
import { fileTree } from "./file-tree.kit.ts";
import { temperature } from "./temperature.ts";
import { TimedFiles } from "./timed-files.ts";

test("sensors have node_exporter's names, and one that gives no value is absent", async () => {
  using tree = fileTree("temperature/laptop.txt");
  using trial = new Trial(temperature, tree.root);
  assert.deepEqual(await trial.round(), {
    'node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"}': 54,
    'node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp2"}': 51.5,
    'node_hwmon_fan_rpm{chip="platform_thinkpad_hwmon",sensor="fan1"}': 2873,
    'node_hwmon_temp_celsius{chip="platform_thinkpad_hwmon",sensor="temp8"}': -128,
    'node_hwmon_temp_celsius{chip="acpitz",sensor="temp1"}': 47,
    'node_thermal_zone_temp{zone="0",type="x86_pkg_temp"}': 55,
    'node_hwmon_chip_names{chip="platform_coretemp_0",chip_name="coretemp"}': 1,
    'node_hwmon_sensor_label{chip="platform_coretemp_0",sensor="temp1",label="Package id 0"}': 1,
    'node_hwmon_temp_max_celsius{chip="platform_coretemp_0",sensor="temp1"}': 100,
    'node_hwmon_temp_crit_celsius{chip="platform_coretemp_0",sensor="temp1"}': 105,
    'node_hwmon_sensor_label{chip="platform_coretemp_0",sensor="temp2",label="Core 0"}': 1,
    'node_hwmon_chip_names{chip="platform_thinkpad_hwmon",chip_name="thinkpad"}': 1,
    'node_hwmon_chip_names{chip="acpitz",chip_name="acpitz"}': 1,
    belfry_host_temperature_celsius: 55,
  });
});

test("every round reads anew, and a chip that comes is found", async () => {
  using tree = fileTree("temperature/laptop.txt");
  using trial = new Trial(temperature, tree.root);
  await trial.round();
  tree.write("/sys/class/hwmon/hwmon0/temp1_input", "61000\n");
  tree.write("/sys/class/hwmon/hwmon11/name", "nvme\n");
  tree.write("/sys/class/hwmon/hwmon11/temp1_input", "38850\n");
  const values = await trial.round();
  assert.equal(values['node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"}'], 61);
  assert.equal(values['node_hwmon_temp_celsius{chip="nvme",sensor="temp1"}'], 38.85);
});

test("two chips of one name that tell no device are two", async () => {
  using tree = fileTree();
  for (const index of [0, 1]) {
    tree.write(`/sys/class/hwmon/hwmon${index}/name`, "twin\n");
    tree.write(`/sys/class/hwmon/hwmon${index}/temp1_input`, `${30 + index}000\n`);
  }
  using trial = new Trial(temperature, tree.root);
  const values = await trial.round();
  assert.equal(values['node_hwmon_temp_celsius{chip="twin",sensor="temp1"}'], 30);
  assert.equal(values['node_hwmon_temp_celsius{chip="twin_hwmon1",sensor="temp1"}'], 31);
});

test("a machine without sensors has no series and no error", async () => {
  using tree = fileTree();
  using trial = new Trial(temperature, tree.root);
  assert.deepEqual(await trial.round(), {});
});

test("a sensor that hangs is given up, not asked again, and read once it answers", async () => {
  using tree = fileTree();
  // Opening a pipe nobody writes to hangs as a driver does.
  const path = join(tree.root, "stuck_input");
  execFileSync("mkfifo", [path]);
  tree.write("/fine_input", "1000\n");
  using files = new TimedFiles(100);
  const [stuck, fine] = [files.read(path), files.read(join(tree.root, "fine_input"))];
  assert.equal(await stuck, undefined);
  assert.equal(await fine, "1000");
  assert.equal(files.hanging, 1);
  assert.equal(await files.read(path), undefined);
  assert.equal(files.hanging, 1, "no second read was begun");
  const writer = openSync(path, "w");
  closeSync(writer);
  while (files.hanging > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await files.read(join(tree.root, "fine_input")), "1000");
});
