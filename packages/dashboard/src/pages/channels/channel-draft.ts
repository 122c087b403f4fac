/** Between a channel, the draft its form edits, and the body the API takes. */
import type { ChannelInput, ChannelKindView, ChannelView } from "@belfry/contract";
import { fieldsOf, initialOfAll, type Field } from "../../form/field.ts";
import { isRecord } from "../../form/path.ts";

/**
 * The fields every channel has, as the same sort of schema the kinds have. Kind and settings are drawn by parts of
 * their own.
 */
const schema = {
  type: "object",
  required: ["kind", "name", "settings", "is_default", "is_fallback", "enabled"],
  properties: {
    kind: { type: "string", title: "Kind" },
    name: {
      type: "string",
      maxLength: 100,
      title: "Name",
      description: "Left empty, it is called as its kind is",
    },
    settings: { type: "object", properties: {}, title: "Settings" },
    is_default: {
      type: "boolean",
      default: true,
      title: "Default",
      description: "Told of what no route is responsible for",
    },
    is_fallback: {
      type: "boolean",
      default: false,
      title: "Fallback",
      description: "Told of notices that another channel could not deliver within a day",
    },
    enabled: {
      type: "boolean",
      default: true,
      title: "Switched on",
      description: "A channel that is switched off is told nothing",
    },
  },
} as const;

/** What the form is drawn of. */
export const channelFields: readonly Field[] = fieldsOf(schema);

/** The draft of a new channel of a kind. */
export function newDraft(kind: ChannelKindView): ChannelInput {
  return {
    kind: kind.kind,
    name: "",
    settings: initialOfAll(fieldsOf(kind.schema)),
    is_default: true,
    is_fallback: false,
    enabled: true,
  };
}

/** The draft of a channel that is there. */
export function draftOf(channel: ChannelView): ChannelInput {
  const { kind, name, settings, is_default, is_fallback, enabled } = channel;
  return { kind, name, settings, is_default, is_fallback, enabled };
}

/** The draft with another kind: the settings begin anew, everything else stays. */
export function withKind(draft: unknown, kind: ChannelKindView): unknown {
  const { settings } = newDraft(kind);
  return { ...(isRecord(draft) ? draft : {}), kind: kind.kind, settings };
}

/** Secrets of a kind, as places in the draft. */
export function secretsOf(kind: ChannelKindView): readonly string[] {
  return kind.secrets.map((secret) => `settings.${secret}`);
}

/**
 * The body; a channel without a name is called as its kind is. Guarantees nothing: what the hub does not take comes
 * back as problems, each at its field.
 */
export function bodyOf(draft: unknown, kinds: readonly ChannelKindView[]): ChannelInput {
  const body = isRecord(draft) ? draft : {};
  const name = typeof body["name"] === "string" ? body["name"].trim() : "";
  const kind = kinds.find((one) => one.kind === body["kind"]);
  return { ...body, name: name === "" ? (kind?.title ?? "") : name } as ChannelInput;
}
