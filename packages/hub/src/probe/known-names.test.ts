import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownNames } from "./known-names.ts";

test("a name has the addresses of its latest look-ups, IPv4 first", () => {
  const names = new KnownNames();
  names.put("Api.Example", 6, ["2001:db8::1"]);
  names.put("api.example", 4, ["192.0.2.1"]);
  names.put("api.example", 4, ["192.0.2.2"]);
  assert.deepEqual(names.addressesOf("API.example"), ["192.0.2.2", "2001:db8::1"]);
  assert.deepEqual(names.addressesOf("other.example"), []);
});

test("names that were not looked up for long make room", () => {
  const names = new KnownNames();
  names.put("kept", 4, ["192.0.2.1"]);
  names.put("first", 4, ["192.0.2.2"]);
  names.put("kept", 4, ["192.0.2.1"]);
  for (let i = 0; i < 19_999; i += 1) names.put(`n${i}`, 4, ["192.0.2.3"]);
  assert.deepEqual(names.addressesOf("first"), []);
  assert.deepEqual(names.addressesOf("kept"), ["192.0.2.1"]);
});
