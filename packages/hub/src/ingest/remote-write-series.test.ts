import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtobufReader } from "./protobuf-reader.ts";
import { field } from "./remote-write.kit.ts";
import { RemoteWriteSeries } from "./remote-write-series.ts";

describe("the series that are remembered", () => {
  test("are bounded, and those in use stay", () => {
    const known = new RemoteWriteSeries(10);
    const find = (name: string): unknown => {
      const bytes = field(
        1,
        Buffer.concat([field(1, Buffer.from("__name__")), field(2, Buffer.from(name))]),
      );
      return known.find(new ProtobufReader(bytes), 0, bytes.length);
    };
    const first = find("used");
    const once = find("once_3");
    for (let i = 0; i < 1000; i += 1) {
      find(`once_${i}`);
      if (i % 5 === 0) assert.equal(find("used"), first);
      assert.ok(known.size <= 20);
    }
    const again = find("once_3");
    assert.deepEqual(again, once);
    assert.notEqual(again, once, "it was forgotten, and read anew");
  });
});
