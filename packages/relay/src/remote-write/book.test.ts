import assert from "node:assert/strict";
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { temporaryFolder } from "../spool/spool.kit.ts";
import { BookReader, BookWriter, listBooks, removeBook } from "./book.ts";
import type { Definition } from "./series-refs.ts";

function definitions(from: number, count: number): readonly Definition[] {
  return Array.from({ length: count }, (_, i) => ({
    ref: from + i,
    name: `metric_${from + i}`,
    labels: { mode: 'größe "x"\n' },
    sourceLabels: { host: String(i % 3) },
  }));
}

describe("a book", () => {
  it("gives back what was written, and goes on as it grows", () => {
    using folder = temporaryFolder();
    listBooks(folder.path);
    using writer = new BookWriter(folder.path, 7);
    using reader = new BookReader(folder.path, 7);
    assert.deepEqual([...reader.read()], []);
    writer.append(definitions(0, 12_000));
    writer.append(definitions(12_000, 3));
    assert.deepEqual([...reader.read()], definitions(0, 12_000).concat(definitions(12_000, 3)));
    assert.deepEqual([...reader.read()], []);
    writer.append(definitions(12_003, 1));
    assert.deepEqual([...reader.read()], definitions(12_003, 1));
    assert.deepEqual(listBooks(folder.path), [{ number: 7, bytes: writer.bytes }]);
    removeBook(folder.path, 7);
    assert.deepEqual(listBooks(folder.path), []);
    assert.throws(() => new BookReader(folder.path, 7), { code: "ENOENT" });
  });

  it("is read up to an entry that is torn or damaged", () => {
    using folder = temporaryFolder();
    using writer = new BookWriter(folder.path, 1);
    writer.append(definitions(0, 10));
    const whole = writer.bytes;
    writer.append(definitions(10, 10));
    const path = join(folder.path, "1.book");
    const bytes = readFileSync(path);
    const countOf = (): number => {
      using reader = new BookReader(folder.path, 1);
      return [...reader.read()].length;
    };
    for (let length = whole; length < bytes.length; length += 7) {
      writeFileSync(path, bytes);
      truncateSync(path, length);
      assert.equal(countOf(), 10, `cut at ${length}`);
    }
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 1] = (damaged[bytes.length - 1] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    assert.equal(countOf(), 10);
    // A length that was never written.
    writeFileSync(path, bytes.subarray(0, whole));
    appendFileSync(path, Buffer.alloc(8, 0xff));
    assert.equal(countOf(), 10);
  });

  it("is written anew behind its last whole entry after a failure", () => {
    using folder = temporaryFolder();
    using writer = new BookWriter(folder.path, 1);
    writer.append(definitions(0, 10));
    // What a write that failed half-way leaves.
    appendFileSync(join(folder.path, "1.book"), "half an entry");
    writer.append(definitions(10, 5));
    using reader = new BookReader(folder.path, 1);
    assert.deepEqual([...reader.read()], definitions(0, 10).concat(definitions(10, 5)));
  });
});
