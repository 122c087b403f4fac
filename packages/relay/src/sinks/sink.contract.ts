/** What every sink has to keep to. Each sink's test runs it on the real thing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Sink } from "../sink.ts";

/** A real destination, its sink, and a way to see what arrived. */
export interface SinkFixture extends AsyncDisposable {
  open(): Promise<Sink>;
  /** Everything that arrived so far; waits until at least `bytes` did. */
  arrived(bytes: number): Promise<string>;
}

/** Runs the suite. */
export function sinkContract(name: string, createFixture: () => Promise<SinkFixture>): void {
  const never = new AbortController().signal;

  describe(`sink ${name} keeps the contract`, () => {
    it("takes lines whole and in order, over several hand-overs", async () => {
      await using fixture = await createFixture();
      const sink = await fixture.open();
      await sink.write(["a\n", "b\n"], never);
      await sink.write(["c\n"], never);
      await sink.close();
      assert.equal(await fixture.arrived(6), "a\nb\nc\n");
    });

    it("takes text of every script byte for byte", async () => {
      await using fixture = await createFixture();
      const line = "größe 東京 🔔 \\ \" ' {value}\n";
      const sink = await fixture.open();
      await sink.write([line], never);
      await sink.close();
      assert.equal(await fixture.arrived(Buffer.byteLength(line)), line);
    });

    it("takes a hand-over larger than any buffer on the way", async () => {
      await using fixture = await createFixture();
      const lines = Array.from({ length: 2_000 }, (_, i) => `${i} ${"x".repeat(1_000)}\n`);
      const whole = lines.join("");
      const sink = await fixture.open();
      const arrived = fixture.arrived(whole.length);
      await sink.write(lines, never);
      assert.equal(await arrived, whole);
      await sink.close();
    });

    it("goes on where it was after it was closed and opened again", async () => {
      await using fixture = await createFixture();
      for (const line of ["a\n", "b\n"]) {
        const sink = await fixture.open();
        await sink.write([line], never);
        await sink.close();
      }
      assert.equal(await fixture.arrived(4), "a\nb\n");
    });

    it("takes nothing when it is told to stop beforehand", async () => {
      await using fixture = await createFixture();
      const sink = await fixture.open();
      await assert.rejects(sink.write(["a\n"], AbortSignal.abort()));
      await sink.write(["b\n"], never);
      await sink.close();
      assert.equal(await fixture.arrived(2), "b\n");
    });
  });
}
