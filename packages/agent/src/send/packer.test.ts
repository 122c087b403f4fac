import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { Packer } from "./packer.ts";

describe("a packer", () => {
  it("makes a frame of each batch, whatever its size and however many at once", async () => {
    using packer = new Packer();
    const batches = [0, 1, 1_000, 300_000, 5].map((size) => randomBytes(size));
    batches.push(Buffer.alloc(2_000_000, "abc"));
    const frames = await Promise.all(batches.map((batch) => packer.pack(batch)));
    for (const [i, frame] of frames.entries()) {
      assert.ok(zstdDecompressSync(frame).equals(batches[i] ?? Buffer.alloc(0)));
    }
    assert.ok((frames.at(-1)?.length ?? 0) < 1_000);
  });
});
