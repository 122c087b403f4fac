import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { helpText } from "./help.ts";
import { parseCommand } from "./parse.ts";
import { commands, options, type CommandSpec } from "./table.ts";

describe("a command line", () => {
  it("gives the command, what follows it and the settings", () => {
    const argv = "key create ci --scope read --data-dir=/d --scope write --json --listen [::1]:0";
    assert.deepEqual(parseCommand(argv.split(" ")), {
      kind: "run",
      command: {
        name: "key create",
        positionals: ["ci"],
        flags: { data_dir: "/d", listen: "[::1]:0" },
        json: true,
        scopes: ["read", "write"],
      },
    });
  });

  it("takes a switch for a setting", () => {
    const parsed = parseCommand(["hub", "--no-checks"]);
    assert.equal(parsed.kind, "run");
    assert.deepEqual(parsed.kind === "run" && parsed.command.flags, { no_checks: true });
  });

  it("takes options before and after what follows the command, and anything after --", () => {
    for (const argv of ["probe --json x", "probe x --json", "probe --json -- x"]) {
      const parsed = parseCommand(argv.split(" "));
      assert.equal(parsed.kind, "run", argv);
      if (parsed.kind !== "run") continue;
      assert.deepEqual([parsed.command.positionals, parsed.command.json], [["x"], true]);
    }
  });

  const wrong: readonly (readonly [string, string])[] = [
    ["fly", "there is no command fly"],
    ["prob x", "there is no command prob (did you mean probe?)"],
    ["--listen x up", "expected a command first, found --listen"],
    ["db", "db: expected one of migrate, rollback, status, stats, copy, found nothing"],
    ["db drop", "db: expected one of migrate, rollback, status, stats, copy, found drop"],
    ["up --lsiten x", "up: --lsiten is not one of its options (did you mean --listen?)"],
    ["up --json", "up: --json is not one of its options"],
    ["up --no-checks", "up: --no-checks is not one of its options"],
    ["up -x", "up: -x is not one of its options"],
    ["up extra", "up: expected nothing more, found extra"],
    ["up --listen", "up: --listen: expected HOST:PORT, found nothing"],
    ["up --listen=", "up: --listen: expected HOST:PORT, found nothing"],
    ["up --listen --json", "up: --listen: expected HOST:PORT, found --json"],
    ["up --listen a --listen b", "up: --listen is given twice"],
    ["db stats --json=1", "db stats: --json takes no value, found 1"],
    ["key create", "key create: expected NAME, found nothing"],
    ["key revoke a b", "key revoke: expected nothing more, found b"],
    ["probe", "probe: expected URL|KIND:TARGET, found nothing"],
  ];
  for (const [line, message] of wrong) {
    it(`"${line}" is refused with "${message}"`, () => {
      assert.deepEqual(parseCommand(line.split(" ")), { kind: "wrong", message });
    });
  }

  const asks: readonly (readonly [string, ReturnType<typeof parseCommand>])[] = [
    ["--help", { kind: "help", name: null }],
    ["help", { kind: "help", name: null }],
    ["up --help", { kind: "help", name: "up" }],
    ["key create -h", { kind: "help", name: "key create" }],
    ["key --help", { kind: "help", name: null }],
    ["--version", { kind: "version" }],
  ];
  for (const [line, parsed] of asks) {
    it(`"${line}" asks for ${parsed.kind}`, () => {
      assert.deepEqual(parseCommand(line.split(" ")), parsed);
    });
  }
});

describe("help", () => {
  it("names every command", () => {
    for (const name of Object.keys(commands))
      assert.ok(helpText(null).includes(`\n  ${name} `), name);
  });

  it("of a command names every option it takes, and what follows it", () => {
    const names = Object.keys(commands).filter((name) => name in commands);
    for (const name of names as (keyof typeof commands)[]) {
      const spec: CommandSpec = commands[name];
      const text = helpText(name);
      for (const option of spec.options) assert.ok(text.includes(`  --${option}`), name);
      for (const positional of spec.positionals) assert.ok(text.includes(positional), name);
      assert.ok(text.includes(`--listen ${options.listen.value}`), name);
    }
  });

  it("fits a terminal of 100 columns", () => {
    for (const line of helpText(null).split("\n")) assert.ok(line.length <= 100, line);
  });
});
