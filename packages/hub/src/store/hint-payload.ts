/** What a notification of PostgreSQL carries: who says it and what about, `1b9d… monitors status`; or a sign of life. */
import { hintTopics, type HintTopic } from "../model/fleet.ts";

/** The text of a hint; `sender` holds no space. */
export function hintPayload(sender: string, topics: readonly HintTopic[]): string {
  return [sender, ...topics].join(" ");
}

/** Reads it; topics that this release does not know are left out. */
export function parseHintPayload(payload: string): {
  readonly sender: string;
  readonly topics: readonly HintTopic[];
} {
  const [sender = "", ...words] = payload.split(" ");
  return { sender, topics: hintTopics.filter((topic) => words.includes(topic)) };
}
