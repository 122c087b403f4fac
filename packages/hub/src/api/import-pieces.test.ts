import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePrometheusText } from "../ingest/prometheus-text.ts";
import { readInPieces } from "./import-pieces.ts";

test("an import is read in pieces, with others having their turn, and nothing lost", async () => {
  const lines = Array.from({ length: 5000 }, (_, i) =>
    i % 1000 === 999 ? "not a line" : `metric{job="a",number="${i}"} ${i} ${1_700_000_000_000 + i}`,
  );
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  const { frames, bad } = await readInPieces(lines.join("\n"), 1, parsePrometheusText);
  clearInterval(timer);
  const samples = frames.reduce((sum, { times }) => sum + times.length, 0);
  assert.equal(samples, 4995);
  assert.deepEqual(
    bad.map(({ line }) => line),
    [1000, 2000, 3000, 4000, 5000],
  );
  assert.ok(turns > 0);
});

test("an import without a last line end, or of nothing, is read as well", async () => {
  assert.equal((await readInPieces("a 1", 1, parsePrometheusText)).frames.length, 1);
  assert.deepEqual(await readInPieces("", 1, parsePrometheusText), { frames: [], bad: [] });
});
