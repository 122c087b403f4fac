/** What notices and their states are called. */
import type { NoticeKind, NoticeState } from "@belfry/contract";

const kinds = {
  firing: "it rings",
  changed: "it changed",
  reminder: "reminder",
  escalated: "escalated",
  acknowledged: "acknowledged",
  resolved: "it is over",
  digest: "digest",
  test: "test",
} as const satisfies Record<NoticeKind, string>;

/** What a notice told. */
export function noticeKindTitle(kind: NoticeKind): string {
  return kinds[kind];
}

const states = {
  waiting: { title: "Waiting", tone: "attention" },
  sent: { title: "Sent", tone: "well" },
  refused: { title: "Refused", tone: "bad" },
  given_up: { title: "Given up", tone: "bad" },
  dropped: { title: "Dropped", tone: "quiet" },
} as const satisfies Record<NoticeState, { title: string; tone: string }>;

/** Its state as a word. */
export function noticeStateTitle(state: NoticeState): string {
  return states[state].title;
}

/** How loud it is. */
export function noticeTone(state: NoticeState): (typeof states)[NoticeState]["tone"] {
  return states[state].tone;
}
