/** Notices for tests. */
import { createId } from "../model/id.ts";
import type { Notice, NoticeIncident } from "../model/notice.ts";
import { createSignedLinks } from "../model/signed-links.ts";

const at = Date.UTC(2026, 1, 3, 4, 5, 6);
const links = createSignedLinks("a secret of tests");

/** An incident about one monitor, with some of it changed. */
export function incidentOf(changes: Partial<NoticeIncident> = {}): NoticeIncident {
  const id = createId<"incident">(at);
  return {
    id,
    status: "firing",
    severity: "critical",
    title: "api is down",
    message: "refused the connection",
    cause: null,
    subjects: [{ kind: "monitor", id: "0190", name: "api", target: "https://example.org/" }],
    affected: 1,
    labels: { team: "core", severity: "critical" },
    facts: [{ name: "failures in a row", value: "2" }],
    openedAt: at,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    links: {
      page: `https://belfry.example.org/dashboard/incidents/${id}`,
      acknowledge: `https://belfry.example.org${links.pathOf(id, "acknowledge", at)}`,
      snooze: `https://belfry.example.org${links.pathOf(id, "snooze", at)}`,
    },
    ...changes,
  };
}

/** A notice that something began, with some of it changed. */
export function noticeOf(changes: Partial<Notice> = {}): Notice {
  return {
    id: createId<"notice">(at),
    kind: "firing",
    at,
    title: "api is down",
    text: "",
    incidents: [incidentOf()],
    more: 0,
    ...changes,
  };
}

/** The notice that it is over. */
export function resolvedOf(notice: Notice): Notice {
  const incidents = notice.incidents.map((incident): NoticeIncident => ({
    ...incident,
    status: "resolved",
    resolvedAt: at + 300_000,
  }));
  return {
    ...notice,
    id: createId<"notice">(at),
    kind: "resolved",
    title: "api is up again",
    incidents,
  };
}

/** What targets and people may put into names: markup of every provider, mentions, control characters, far too much. */
export const hostileTexts = [
  "<script>alert(1)</script>&amp;<!channel>",
  "@everyone @here <@U123> <@&456> <#C1>",
  "*bold* _it_ ~no~ `code` ```block``` [link](javascript:alert(1)) ||x||",
  "line\r\nBcc: victim@example.org\r\n\r\nbody",
  "\u0000\u0007\u001b[31m\u202eevil\u2066",
  "{{7*7}} ${jndi:ldap://x} %n <%= 1 %>",
  '"quote" \\ back\\"slash',
  "größe 東京 🔔 \ud800",
  `${"long ".repeat(20_000)}`,
] as const;
