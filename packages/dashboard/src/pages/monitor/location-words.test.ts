import assert from "node:assert/strict";
import { test } from "node:test";
import { locationWord, quorumSentence } from "./location-words.ts";

const none = { status: "pending", own: false, workers: 0, last_check: null } as const;

test("a location nobody checks from says that there is no worker yet", () => {
  assert.equal(locationWord(none), "no worker yet");
  assert.equal(locationWord({ ...none, workers: 1 }), "pending");
  assert.equal(locationWord({ ...none, own: true }), "pending");
});

test("what must agree is told with who can at present", () => {
  const items = { length: 3 };
  assert.equal(
    quorumSentence({ quorum: 2, voting: 3, items }),
    "Down when 2 of 3 locations say so.",
  );
  assert.equal(
    quorumSentence({ quorum: 2, voting: 2, items }),
    "Down when 2 of 3 locations say so; 2 can tell at present.",
  );
  assert.equal(
    quorumSentence({ quorum: 2, voting: 1, items }),
    "Down when 2 of 3 locations say so; 1 can tell at present: too few to tell.",
  );
  assert.equal(
    quorumSentence({ quorum: 1, voting: 1, items: { length: 1 } }),
    "Down when 1 of 1 location says so.",
  );
});
