import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHubUrl } from "./hub-link.ts";

describe("the address of a hub", () => {
  const table: readonly (readonly [string, string])[] = [
    ["https://belfry.example.org", "https://belfry.example.org/"],
    ["https://example.org/belfry?x=1#y", "https://example.org/belfry/"],
    ["http://127.0.0.1:8000", "http://127.0.0.1:8000/"],
    ["http://127.8.9.1:8000/", "http://127.8.9.1:8000/"],
    ["http://localhost:8000", "http://localhost:8000/"],
    ["http://[::1]:8000", "http://[::1]:8000/"],
    ["http://belfry.example.org", "expected https://: without TLS"],
    ["http://127.0.0.1.example.org", "expected https://: without TLS"],
    ["http://0.0.0.0:8000", "expected https://: without TLS"],
    ["ftp://belfry.example.org", "expected https://…, found"],
    ["belfry.example.org", "expected https://…, found"],
    ["https://me:secret@example.org", "expected no user and password in it"],
  ];
  for (const [given, expected] of table) {
    it(`${given}: ${expected}`, () => {
      const parsed = parseHubUrl(given);
      const text = "wrong" in parsed ? parsed.wrong : parsed.href;
      assert.ok(text.startsWith(expected), text);
    });
  }
});
