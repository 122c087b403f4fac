import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { SettingsError } from "../command/option.ts";
import { installUnit, showUnitStatus, uninstallUnit } from "./command.ts";
import { launchdPlist } from "./launchd.ts";
import type { Machine } from "./machine.ts";
import { environmentFile, systemdUnit } from "./systemd.ts";

/** A machine without a service manager: it remembers what was asked of it. */
class RecordingMachine implements Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  readonly hasSystemd: boolean;
  readonly confirm: Machine["confirm"];
  readonly files = new Map<string, { readonly text: string; readonly mode: number }>();
  readonly commands: string[] = [];
  answers: Readonly<Record<string, { readonly code: number; readonly output: string }>> = {};

  constructor(more: Partial<Pick<Machine, "platform" | "isRoot" | "hasSystemd" | "confirm">> = {}) {
    this.platform = more.platform ?? "linux";
    this.isRoot = more.isRoot ?? true;
    this.hasSystemd = more.hasSystemd ?? true;
    this.confirm = more.confirm;
  }

  run(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
    const command = [program, ...args].join(" ");
    this.commands.push(command);
    return Promise.resolve(this.answers[command] ?? { code: 0, output: "" });
  }

  exists(path: string): boolean {
    return this.files.has(path);
  }

  write(path: string, text: string, mode: number): Promise<void> {
    this.files.set(path, { text, mode });
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    this.files.delete(path);
    return Promise.resolve();
  }
}

function partsFor(machine: Machine) {
  const written = { out: "", err: "" };
  return {
    written,
    parts: {
      name: "belfry-agent",
      env: {},
      machine,
      stdout: (text: string) => {
        written.out += text;
      },
      stderr: (text: string) => {
        written.err += text;
      },
    },
  };
}

const unitPath = "/etc/systemd/system/belfry-agent.service";
const environmentPath = "/etc/belfry/agent.env";
const hubFlags = ["--hub", "https://hub.example", "--key", "s3cret", "--label", "team=core, web"];

describe("install", () => {
  it("shows the unit, writes it and its settings, and starts it", async () => {
    const machine = new RecordingMachine();
    const { parts, written } = partsFor(machine);
    assert.equal(await installUnit(["--yes", ...hubFlags], parts), 0);
    assert.equal(machine.files.get(unitPath)?.mode, 0o644);
    assert.match(
      machine.files.get(unitPath)?.text ?? "",
      /\nExecStart=.*node.* .*belfry-agent\.js\n/,
    );
    assert.deepEqual(machine.files.get(environmentPath), {
      mode: 0o600,
      text: [
        "# Settings of belfry-agent; docs/AGENT.md lists them all.",
        'BELFRY_AGENT_HUB="https://hub.example"',
        'BELFRY_AGENT_KEY="s3cret"',
        'BELFRY_AGENT_LABELS="team=core, web"',
        "",
      ].join("\n"),
    });
    assert.deepEqual(machine.commands, [
      "systemctl daemon-reload",
      "systemctl enable belfry-agent",
      "systemctl restart belfry-agent",
    ]);
    assert.match(written.out, /NoNewPrivileges=yes/);
    assert.doesNotMatch(written.out, /s3cret/);
  });

  it("changes nothing with --dry-run, by anybody", async () => {
    const machine = new RecordingMachine({ isRoot: false, hasSystemd: false });
    const { parts, written } = partsFor(machine);
    assert.equal(await installUnit(["--dry-run", ...hubFlags], parts), 0);
    assert.deepEqual([machine.files.size, machine.commands.length], [0, 0]);
    assert.match(written.out, /systemctl restart belfry-agent/);
  });

  for (const [what, more, message] of [
    ["without root", { isRoot: false }, "only root may write units; run it with sudo"],
    [
      "without systemd",
      { hasSystemd: false },
      "this machine is not run by systemd; start belfry-agent by its own means",
    ],
    ["on Windows", { platform: "win32" }, "units are for systemd and launchd; this is win32"],
  ] as const) {
    it(`is refused ${what}`, async () => {
      const machine = new RecordingMachine(more);
      const { parts, written } = partsFor(machine);
      assert.equal(await installUnit(["--yes"], parts), 1);
      assert.equal(written.err, `belfry-agent: ${message}\n`);
      assert.equal(machine.files.size, 0);
    });
  }

  it("asks on a terminal, and takes no for an answer", async () => {
    const asked: string[] = [];
    const machine = new RecordingMachine({
      confirm: (question) => {
        asked.push(question);
        return Promise.resolve(false);
      },
    });
    const { parts, written } = partsFor(machine);
    assert.equal(await installUnit([], parts), 1);
    assert.deepEqual(asked, ["Write these files and start the agent?"]);
    assert.equal(written.err, "belfry-agent: nothing was changed\n");
    assert.equal(machine.files.size, 0);
  });

  it("does not guess where there is no terminal", async () => {
    const { parts } = partsFor(new RecordingMachine());
    await assert.rejects(installUnit([], parts), {
      message: "there is no terminal to ask on; say --yes",
    });
  });

  it("says what failed", async () => {
    const machine = new RecordingMachine();
    machine.answers = { "systemctl enable belfry-agent": { code: 1, output: "no such unit" } };
    const { parts, written } = partsFor(machine);
    assert.equal(await installUnit(["--yes"], parts), 1);
    assert.equal(
      written.err,
      "belfry-agent: systemctl enable belfry-agent ended with 1: no such unit\n",
    );
  });

  it("checks the settings first", async () => {
    const { parts } = partsFor(new RecordingMachine());
    await assert.rejects(installUnit(["--interval", "0"], parts), SettingsError);
    await assert.rejects(installUnit(["--state-dir", "/x"], parts), SettingsError);
  });

  it("writes a property list for root alone on macOS", async () => {
    const machine = new RecordingMachine({ platform: "darwin", hasSystemd: false });
    const { parts, written } = partsFor(machine);
    assert.equal(await installUnit(["--yes", ...hubFlags], parts), 0);
    const [[path, file] = ["", undefined]] = machine.files;
    assert.equal(path, "/Library/LaunchDaemons/dev.belfry.agent.plist");
    assert.equal(file?.mode, 0o600);
    assert.match(file?.text ?? "", /<key>BELFRY_AGENT_KEY<\/key>\n\s*<string>s3cret<\/string>/);
    assert.doesNotMatch(written.out, /s3cret/);
    assert.deepEqual(machine.commands, [`launchctl bootstrap system ${path}`]);
  });
});

describe("uninstall", () => {
  it("stops the unit and takes its files away", async () => {
    const machine = new RecordingMachine();
    const { parts } = partsFor(machine);
    await installUnit(["--yes"], parts);
    machine.commands.length = 0;
    assert.equal(await uninstallUnit(["--yes"], parts), 0);
    assert.equal(machine.files.size, 0);
    assert.deepEqual(machine.commands, [
      "systemctl disable --now belfry-agent",
      "systemctl daemon-reload",
    ]);
  });

  it("finds nothing where nothing is", async () => {
    const machine = new RecordingMachine();
    const { parts, written } = partsFor(machine);
    assert.equal(await uninstallUnit(["--yes"], parts), 0);
    assert.match(written.out, /The agent is not installed\.\n$/);
    assert.deepEqual(machine.commands, []);
  });
});

describe("status", () => {
  for (const [state, code] of [
    ["active", 0],
    ["failed", 3],
  ] as const) {
    it(`ends with ${code} for a unit that is ${state}`, async () => {
      const machine = new RecordingMachine();
      const { parts, written } = partsFor(machine);
      await installUnit(["--yes"], parts);
      machine.run = () => Promise.resolve({ code: 0, output: `ActiveState=${state}` });
      assert.equal(await showUnitStatus([], parts), code);
      assert.match(written.out, new RegExp(`ActiveState=${state}\n$`));
    });
  }

  it("ends with 3 where it is not installed", async () => {
    const { parts, written } = partsFor(new RecordingMachine());
    assert.equal(await showUnitStatus([], parts), 3);
    assert.equal(written.out, "not installed\n");
  });
});

describe("the shipped units", () => {
  const shipped = (path: string): string =>
    readFileSync(new URL(`../../../../deploy/${path}`, import.meta.url), "utf8");
  const node = "/opt/belfry/node_modules/.bin/node";
  const program = "/opt/belfry/packages/agent/bin/belfry-agent.js";

  it("are what install writes for a checkout in /opt/belfry", () => {
    assert.equal(
      shipped("systemd/belfry-agent.service"),
      systemdUnit({ node, program, environment: environmentPath }),
    );
    assert.equal(
      shipped("launchd/dev.belfry.agent.plist"),
      launchdPlist({ node, program, stateDir: "/var/db/belfry-agent", variables: {} }),
    );
  });

  it("name paths with spaces so that systemd reads one path", () => {
    const unit = systemdUnit({ node: "/a b/node", program: "/100%/$x", environment: "/e" });
    assert.match(unit, /\nExecStart="\/a b\/node" \/100%%\/\$\$x\n/);
    assert.equal(environmentFile({ A: 'a"b\\c' }).split("\n")[1], 'A="a\\"b\\\\c"');
  });
});
