/**
 * What people are told. A notice is made once, where it is decided, and stays the same however often it is tried; each
 * channel puts it into its own form. No text holds markup: everything is as somebody or some target wrote it, and may be
 * hostile.
 */
import type { NoticeKind, NoticeState, Severity } from "@belfry/contract";
import type { Id, IncidentId } from "./id.ts";
import type { SignalSubject } from "./signal.ts";

export type NoticeId = Id<"notice">;
export type ChannelId = Id<"channel">;

/** Times are epoch ms. */
export interface Notice {
  /** The same over all attempts: providers and receivers that know ids can leave out repeats. */
  readonly id: NoticeId;
  readonly kind: NoticeKind;
  readonly at: number;
  /** One line: `api is down`, `3 incidents in the last hour`. At most 300 characters. */
  readonly title: string;
  /** What else there is to say, lines of plain text; may be empty. */
  readonly text: string;
  /** What it is about, the most severe first; of a test none. A digest and a group have several. */
  readonly incidents: readonly NoticeIncident[];
  /** Incidents beyond those that are listed. */
  readonly more: number;
}

/** An incident as it was when the notice was decided. */
export interface NoticeIncident {
  readonly id: IncidentId;
  readonly status: "firing" | "resolved";
  readonly severity: Severity;
  readonly title: string;
  readonly message: string;
  /** What is believed to be behind it; null where that is the subject itself. */
  readonly cause: string | null;
  /** At most ten of them; `affected` counts all. */
  readonly subjects: readonly (SignalSubject & { readonly target: string | null })[];
  readonly affected: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Short facts worth reading at night, such as `status code` `503`. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly openedAt: number;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: number | null;
  /** Addresses of its page and of signed links; null where Belfry's public address is not known. */
  readonly links: {
    readonly page: string;
    readonly acknowledge: string | null;
    readonly snooze: string | null;
  } | null;
}

/** A notice for one channel, as it waits in the outbox or lies in the log. Times are epoch ms. */
export interface KeptNotice {
  readonly notice: Notice;
  readonly channelId: ChannelId;
  /** Told because another channel could not deliver it. */
  readonly isFallback: boolean;
  readonly state: NoticeState;
  readonly attempts: number;
  readonly nextAt: number | null;
  readonly createdAt: number;
  readonly sentAt: number | null;
  readonly why: string | null;
}

/** A notice that was decided. */
export interface NewNotice {
  readonly notice: Notice;
  readonly channelId: ChannelId;
  readonly isFallback: boolean;
  /** The route it was decided by, or `default`: for the limits of routes. */
  readonly route: string;
  /** Incidents it only counts; what is told of these later does not overtake it either. */
  readonly counted?: readonly IncidentId[];
}

/** One attempt to deliver a notice. Texts hold no secrets. */
export interface Delivery {
  readonly noticeId: NoticeId;
  readonly at: number;
  readonly attempt: number;
  readonly result: "sent" | "retry" | "refused" | "misconfigured";
  readonly why: string | null;
  readonly request: string | null;
  readonly answer: string | null;
  readonly durationMs: number;
}

/**
 * Notices that wait to be told together: of one route, one channel and the same values of the labels it groups by. Several
 * are told in one notice at `dueAt` (epoch ms).
 */
export interface NoticeGroup {
  /** `<route or default>|<channel>|<values>`. */
  readonly key: string;
  readonly dueAt: number;
  /** A digest is told as such even when it holds one. */
  readonly isDigest: boolean;
  readonly entries: readonly { readonly incidentId: IncidentId; readonly kind: NoticeKind }[];
  /** Grows by one with every write. */
  readonly revision: number;
}
