/** Signals, notices and groups that the suites of alerting start from. */
import { createId, type IncidentId } from "../../model/id.ts";
import type { ChannelId, NewNotice, Notice, NoticeGroup } from "../../model/notice.ts";
import type { Signal } from "../../model/signal.ts";
import type { Store } from "../port.ts";

export function signalOf(over: Partial<Signal> = {}): Signal {
  return {
    key: "job_failed:job:1",
    state: "raised",
    rule: "job_failed",
    subject: { kind: "job", id: "1", name: "nightly" },
    severity: "warning",
    at: 1000,
    decidedAt: 2000,
    message: "exit code 1",
    reason: null,
    evidence: {},
    labels: { team: "core" },
    ...over,
  };
}

/** A notice about some incidents for a channel, due at `notice.at`. */
export function noticeOf(
  channelId: ChannelId,
  incidents: readonly IncidentId[],
  over: Partial<Notice> & Pick<Partial<NewNotice>, "route" | "isFallback"> = {},
): NewNotice {
  const { route = "default", isFallback = false, ...notice } = over;
  return {
    channelId,
    route,
    isFallback,
    notice: {
      id: createId<"notice">(notice.at ?? 1000),
      kind: "firing",
      at: 1000,
      title: "api is down",
      text: "",
      incidents: incidents.map((id) => ({
        id,
        status: "firing",
        severity: "critical",
        title: "api is down",
        message: "no answer",
        cause: null,
        subjects: [{ kind: "monitor", id: "1", name: "api", target: null }],
        affected: 1,
        labels: {},
        facts: [],
        openedAt: 1000,
        acknowledgedAt: null,
        acknowledgedBy: null,
        resolvedAt: null,
        links: null,
      })),
      more: 0,
      ...notice,
    },
  };
}

export function groupOf(over: Partial<NoticeGroup> = {}): NoticeGroup {
  return {
    key: 'default|channel|["core"]',
    dueAt: 5000,
    isDigest: false,
    entries: [{ incidentId: createId<"incident">(1), kind: "firing" }],
    revision: 1,
    ...over,
  };
}

/** Puts notices into the outbox as alerting does. */
export async function putNotices(store: Store, notices: readonly NewNotice[]): Promise<void> {
  await store.commitAlerting({ consumed: [], incidents: [], notices });
}
