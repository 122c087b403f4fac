import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChannelKindView } from "@belfry/contract";
import { bodyOf, channelFields, newDraft, secretsOf, withKind } from "./channel-draft.ts";

function kindOf(kind: string, properties: object): ChannelKindView {
  const schema = { type: "object", required: Object.keys(properties), properties };
  const limit = { notices: 1, per_ms: 1000 };
  return { kind, title: kind.toUpperCase(), schema, secrets: ["token", "headers.*"], limit };
}

const mail = kindOf("mail", { port: { type: "integer", default: 587 }, token: { type: "string" } });
const chat = kindOf("chat", { token: { type: "string" } });

test("a new channel is a default one, with what its kind presets", () => {
  assert.deepEqual(newDraft(mail), {
    kind: "mail",
    name: "",
    settings: { port: 587, token: "" },
    is_default: true,
    is_fallback: false,
    enabled: true,
  });
  assert.deepEqual(
    channelFields.map(({ key }) => key),
    Object.keys(newDraft(mail)),
  );
});

test("another kind has its own settings, and the same name", () => {
  const draft = { ...newDraft(mail), name: "ops", settings: { port: 25, token: "x" } };
  assert.deepEqual(withKind(draft, chat), { ...newDraft(chat), name: "ops" });
});

test("secrets are places in the draft", () => {
  assert.deepEqual(secretsOf(mail), ["settings.token", "settings.headers.*"]);
});

for (const [name, expected] of [
  ["  ", "MAIL"],
  [" ops ", "ops"],
]) {
  test(`${JSON.stringify(name)} is called ${JSON.stringify(expected)}`, () => {
    assert.equal(bodyOf({ ...newDraft(mail), name }, [mail, chat]).name, expected);
  });
}
