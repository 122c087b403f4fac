import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeAnswer, judgeFault, type RawAnswer, type Verdict } from "./answer.ts";
import { problemBody } from "./hub.kit.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const counted = '{"host_id":"x","accepted":300,"refused":1,"series_refused":2}';

const rows: readonly [string, Partial<RawAnswer>, Partial<Verdict> & { kind: Verdict["kind"] }][] =
  [
    [
      "2xx with what was counted is an acknowledgement",
      { status: 200, body: counted },
      { kind: "sent", answer: { accepted: 300, refused: 1, series_refused: 2 } },
    ],
    [
      "2xx from something else is none: a proxy's page acknowledges nothing",
      { status: 200, body: "<html>" },
      {
        kind: "misconfigured",
        why: "200, but not the answer of a Belfry hub",
        retryAfterMs: 60_000,
      },
    ],
    [
      "409 unknown_series asks for the list",
      { status: 409, body: problemBody("unknown_series", "no") },
      { kind: "unknown_series" },
    ],
    ["another 409 is a fault of the hub", { status: 409 }, { kind: "outage", isWhole: false }],
    ["413 is too much at once", { status: 413 }, { kind: "too_large" }],
    [
      "422 is poison, and says what was wrong",
      { status: 422, body: problemBody("invalid", "times: none\nat all") },
      { kind: "refused", why: "422 invalid: times: none at all" },
    ],
    [
      "422 of the native API names what was wrong and where",
      {
        status: 422,
        body: JSON.stringify({
          code: "invalid",
          detail: "It does not fit",
          errors: [{ path: "details.users", message: "expected a list" }],
        }),
      },
      { kind: "refused", why: "422 invalid: It does not fit: details.users: expected a list" },
    ],
    ["400 is poison", { status: 400, body: "[]" }, { kind: "refused", why: "400" }],
    [
      "401 waits for somebody",
      { status: 401 },
      { kind: "misconfigured", retryAfterMs: 60_000, isWhole: true },
    ],
    ["403 waits for somebody", { status: 403 }, { kind: "misconfigured" }],
    ["404 is no hub", { status: 404 }, { kind: "misconfigured" }],
    ["a redirect is not followed", { status: 301 }, { kind: "misconfigured", why: "301" }],
    [
      "429 waits as told, in seconds",
      { status: 429, retryAfter: "7" },
      { kind: "throttled", retryAfterMs: 7_000, isWhole: true },
    ],
    [
      "503 waits as told, until a time",
      { status: 503, retryAfter: "Sat, 21 Nov 2026 12:01:00 GMT" },
      { kind: "throttled", retryAfterMs: 60_000 },
    ],
    [
      "a wait of days is not waited",
      { status: 503, retryAfter: "999999" },
      { kind: "throttled", retryAfterMs: 3_600_000 },
    ],
    [
      "a wait that is none is none",
      { status: 503, retryAfter: "soon" },
      { kind: "throttled", retryAfterMs: 0 },
    ],
    ["500 is a fault with these samples", { status: 500 }, { kind: "outage", isWhole: false }],
    ["502 is a fault", { status: 502 }, { kind: "outage" }],
  ];

describe("a hub's answer", () => {
  for (const [what, answer, expected] of rows) {
    it(what, () => {
      const verdict = judgeAnswer({ status: 0, retryAfter: undefined, body: "", ...answer }, now);
      assert.deepEqual({ ...verdict, ...expected }, verdict);
    });
  }

  it("that never came is an outage, or a certificate that is not right", () => {
    const refused = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
    assert.deepEqual(judgeFault(refused), {
      kind: "outage",
      why: "ECONNREFUSED: connect refused",
      retryAfterMs: 0,
      isWhole: true,
    });
    for (const code of [
      "CERT_HAS_EXPIRED",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ]) {
      assert.equal(judgeFault(Object.assign(new Error("no"), { code })).kind, "misconfigured");
    }
    assert.equal(judgeFault("odd").kind, "outage");
  });
});
