import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { createId, type IncidentId } from "./id.ts";
import { createSignedLinks, newLinkSecret, withoutSignatures } from "./signed-links.ts";
import type { IncidentLink } from "./signed-links.ts";

const now = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;
const id = createId<"incident">(now);
const secret = newLinkSecret();
const links = createSignedLinks(secret);

/** The link of a path as a reader takes it apart. */
function linkOf(path: string, over: Partial<IncidentLink> = {}): IncidentLink {
  const { pathname, searchParams } = new URL(path, "http://belfry.example.org");
  const [, , incidentId = "", action = ""] = pathname.split("/");
  return {
    incidentId: incidentId as IncidentId,
    action: action as IncidentLink["action"],
    until: Number(searchParams.get("until")),
    key: searchParams.get("key") ?? "",
    signature: searchParams.get("sig") ?? "",
    ...over,
  };
}

describe("links of notices", () => {
  const path = links.pathOf(id, "snooze", now);
  const link = linkOf(path);

  it("hold for a week, in every hub that has the secret", () => {
    const other = createSignedLinks(secret);
    assert.equal(other.judge(link, now), "genuine");
    assert.equal(other.judge(link, now + 7 * dayMs - 1), "genuine");
    assert.equal(other.judge(link, now + 7 * dayMs), "expired");
  });

  const forged: readonly (readonly [string, Partial<IncidentLink>])[] = [
    ["another incident", { incidentId: createId<"incident">(now) }],
    ["another action", { action: "acknowledge" }],
    ["a later end", { until: link.until + 1 }],
    ["a time that is no number", { until: Number.NaN }],
    ["another key", { key: "00000000" }],
    ["no signature", { signature: "" }],
    ["a shorter signature", { signature: link.signature.slice(0, 40) }],
    [
      "another signature",
      { signature: `${link.signature.startsWith("A") ? "B" : "A"}${link.signature.slice(1)}` },
    ],
    ["a signature that is no base64", { signature: "%00".repeat(20) }],
  ];
  for (const [what, over] of forged) {
    it(`do nothing with ${what}`, () => {
      assert.equal(links.judge({ ...link, ...over }, now), "forged");
    });
  }

  it("are not those of another secret, also once they expired", () => {
    const other = createSignedLinks(newLinkSecret());
    assert.equal(other.judge(link, now), "forged");
    assert.equal(other.judge(link, now + 8 * dayMs), "forged");
  });
});

test("signatures are cut out of logs, however they are written", () => {
  const { signature } = linkOf(links.pathOf(id, "snooze", now));
  const written = [
    `https://b.example/incident-links/1/snooze?until=1&key=2&sig=${signature}`,
    `{"url":"https://b.example/x?key=2\\u0026sig\\u003d${signature}"}`,
    `text=https%3A%2F%2Fb.example%3Fkey%3D2%26sig%3D${signature}&more=1`,
    `<a href="https://b.example/x?key=2&amp;sig=${signature}">`,
    `https://b.example/x?key=3D2&sig=3D${signature}`,
    `https://b.example/x?sig=${signature.slice(0, 11)}`,
  ];
  for (const text of written) {
    const clean = withoutSignatures(text);
    assert.ok(!clean.includes(signature.slice(0, 11)), clean);
    assert.ok(clean.includes("b.example"), clean);
  }
  assert.equal(withoutSignatures("nothing to cut: design=blue"), "nothing to cut: design=blue");
});
