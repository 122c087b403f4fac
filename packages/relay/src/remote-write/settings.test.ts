import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDuration } from "./duration.ts";
import { createRelabel } from "./relabel.ts";
import { destinationOf } from "./remote-write.kit.ts";
import { parseRemoteWrite } from "./settings.ts";

const url = "http://127.0.0.1:9090/api/v1/write";

describe("a time in settings", () => {
  for (const [text, ms] of [
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["100ms", 100],
    ["1h0m5s", 3_605_000],
    ["1y2w3d", 33_004_800_000],
    ["2m5ms", 120_005],
    ["0", 0],
    ["0s", 0],
    [10, 10_000],
    [0.25, 250],
    ["", undefined],
    ["soon", undefined],
    ["30", undefined],
    ["5s1m", undefined],
    ["1.5s", undefined],
    [-1, undefined],
    [Infinity, undefined],
  ] as const) {
    it(`${JSON.stringify(text)} is ${ms === undefined ? "none" : `${ms} ms`}`, () =>
      assert.equal(parseDuration(text), ms));
  }
});

describe("settings of remote write", () => {
  it("are complete with an address alone", () => {
    assert.deepEqual(destinationOf({ url }), {
      name: "remote_write",
      url,
      readUrl: null,
      timeoutMs: 30_000,
      headers: {},
      auth: { kind: "none" },
      caFile: null,
      verifyTls: true,
      maxSamplesPerSend: 2000,
      maxShards: 4,
      batchDeadlineMs: 1000,
      minBackoffMs: 30,
      maxBackoffMs: 5000,
      externalLabels: {},
      relabel: [],
    });
  });

  for (const [what, written, problem] of [
    ["no address", {}, "at.url: is required"],
    ["what is no address", { url: "http://[" }, "at.url: is not an address"],
    ["no address to read from", { url, read_url: "http://[" }, "at.read_url: is not an address"],
    [
      "a time of none",
      { url, remote_timeout: "0s" },
      'at.remote_timeout: expected a time above 0 like 30s, 1m30s or 100ms, found "0s"',
    ],
    [
      "both ways to say who one is",
      { url, basic_auth: { username: "a" }, authorization: { credentials: "b" } },
      "at.authorization: cannot be used with basic_auth",
    ],
    [
      "a password twice",
      { url, basic_auth: { username: "a", password: "b", password_file: "c" } },
      "at.basic_auth.password_file: cannot be used with password",
    ],
    [
      "credentials twice",
      { url, authorization: { credentials: "b", credentials_file: "c" } },
      "at.authorization: expected either credentials or credentials_file",
    ],
    [
      "no credentials",
      { url, authorization: { type: "Bearer" } },
      "at.authorization: expected either credentials or credentials_file",
    ],
    [
      "a condition that cannot be read",
      { url, write_relabel_configs: [{ source_labels: ["a"], regex: "(", action: "keep" }] },
      "at.write_relabel_configs[0].regex: expected a regular expression",
    ],
    ["what Prometheus has and Belfry has not", { url, sigv4: {} }, "at.sigv4: is not a known key"],
  ] as const) {
    it(`are refused with ${what}`, () => {
      const parsed = parseRemoteWrite(written, "at");
      const problems = parsed.kind === "bad" ? parsed.problems : [];
      assert.deepEqual(
        problems.map(({ path, message }) => `${path}: ${message}`),
        [problem],
      );
    });
  }
});

describe("labels of a series that is sent", () => {
  const key = {
    name: "probe_success",
    labels: { phase: "tls", kind: "own", empty: "" },
    sourceLabels: { monitor: "m1", kind: "http" },
  };
  const relabelOf = (written: object) => createRelabel(destinationOf({ url, ...written }));
  const rule = (source_labels: string[], regex: string, action: string, more = {}) => ({
    write_relabel_configs: [{ source_labels, regex, action, ...more }],
  });

  it("are its own, then its source's, then those of the destination, sorted and none empty", () => {
    const relabel = relabelOf({
      external_labels: { cluster: "eu1", monitor: "x", empty: "filled" },
    });
    assert.deepEqual(relabel(key), [
      ["__name__", "probe_success"],
      ["cluster", "eu1"],
      ["kind", "own"],
      ["monitor", "m1"],
      ["phase", "tls"],
    ]);
  });

  for (const [what, written, isSent] of [
    ["kept by its name", rule(["__name__"], "probe_.*", "keep"), true],
    ["not kept by half its name", rule(["__name__"], "probe", "keep"), false],
    ["dropped by its name", rule(["__name__"], "probe_.*", "drop"), false],
    ["kept by two labels joined", rule(["__name__", "phase"], ".*;tls", "keep"), true],
    [
      "kept by two labels joined by something else",
      rule(["monitor", "phase"], "m1-tls", "keep", { separator: "-" }),
      true,
    ],
    ["asked for a label it has not", rule(["nothing"], "", "keep"), true],
    [
      "asked for a label of the destination",
      { external_labels: { a: "b" }, ...rule(["a"], "b", "drop") },
      false,
    ],
  ] as const) {
    it(`${isSent ? "is sent" : "is not sent"} when it is ${what}`, () =>
      assert.equal(relabelOf(written)(key) !== undefined, isSent));
  }
});
