/** What of a host is edited: its fields, its draft, and what a changed draft asks the hub for. Pure. */
import type { HostDetailView, HostPatch } from "@belfry/contract";
import type { Field } from "../../form/field.ts";
import { isRecord } from "../../form/path.ts";

const plain = {
  description: "",
  required: true,
  advanced: false,
  nullable: false,
  fallback: undefined,
} as const;

/** The fields by name, in their order. */
export const hostFields: readonly (readonly [name: string, field: Field])[] = [
  [
    "name",
    {
      ...plain,
      kind: "text",
      key: "name",
      title: "Name",
      multiline: false,
      maxLength: 200,
      isInstant: false,
    },
  ],
  ["labels", { ...plain, kind: "map", key: "labels", title: "Labels", required: false }],
  [
    "silent_after",
    {
      ...plain,
      kind: "number",
      key: "silent_after",
      title: "Down after a silence of",
      description: "Empty: three intervals of its agent, at least 30 s.",
      required: false,
      nullable: true,
      integer: false,
      minimum: 2,
      maximum: 604_800,
      unit: "s",
    },
  ],
  [
    "retention_days",
    {
      ...plain,
      kind: "number",
      key: "retention_days",
      title: "Samples are kept for",
      description: "Empty: as long as those of all others.",
      required: false,
      nullable: true,
      integer: false,
      minimum: 0.04,
      maximum: 36_500,
      unit: "days",
    },
  ],
];

/** What is edited of a host. */
export function draftOf(host: HostDetailView) {
  const { name, labels, silent_after, retention_days } = host;
  return { name, labels, silent_after, retention_days };
}

/**
 * What of a draft differs from what was, as a merge patch: a label that is gone is null. The hub says what it thinks of
 * values of another kind.
 */
export function patchOf(draft: unknown, before: ReturnType<typeof draftOf>): HostPatch {
  const now = isRecord(draft) ? draft : {};
  const same = (one: unknown, other: unknown): boolean =>
    JSON.stringify(one) === JSON.stringify(other);
  const changed = Object.entries(before).flatMap(([key, value]) => {
    const next = now[key] ?? (key === "labels" ? {} : null);
    if (same(next, value)) return [];
    return [[key, key === "labels" ? labelsPatch(next, before.labels) : next] as const];
  });
  return asPatch(Object.fromEntries(changed));
}

function labelsPatch(next: unknown, before: Readonly<Record<string, string>>) {
  const kept = isRecord(next) ? next : {};
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(kept, name));
  return { ...kept, ...Object.fromEntries(gone.map((name) => [name, null])) };
}

/** Trusts that the fields above gave values of their kinds: the form's controls give no others. */
function asPatch(changed: Readonly<Record<string, unknown>>): HostPatch {
  return changed as HostPatch;
}
