/** The path of alerts: signals → incidents → notices → channels, wired. */
import { Alerting, type AlertingStore } from "./alert/alerting.ts";
import { wouldTell, type PresentState, type Prospect, type Supposed } from "./alert/would-tell.ts";
import type { FollowedSubject } from "./alert/transition-signals.ts";
import { createPolicyReader, describeIncident, type DescribeParts } from "./alert-desk.ts";
import { ExternalAlerts, type ExternalAlertParts } from "./ingest/external-alerts.ts";
import type { AlertPolicy } from "./model/alert-policy.ts";
import type { Incident } from "./model/incident.ts";
import type { ChannelKind } from "./model/channel-kind.ts";
import type { CheckKind } from "./model/check-kind.ts";
import type { Clock } from "./model/clock.ts";
import { followsHost } from "./model/host.ts";
import { createId, type IncidentId, type MonitorId } from "./model/id.ts";
import type { NoticeIncident } from "./model/notice.ts";
import type { LinkAction, SignedLinks } from "./model/signed-links.ts";
import type { Delivery as Attempt } from "./model/notice.ts";
import { Delivery, type DeliveryStore } from "./notify/delivery.ts";
import { parseAddress } from "./probe/address.ts";
import { createGuard, type GuardSettings } from "./probe/guard.ts";
import { createRelations, type RelationParts } from "./relations.ts";

export interface AlertsParts extends Pick<RelationParts, "board" | "hostOf"> {
  readonly clock: Clock;
  readonly store: AlertingStore &
    DeliveryStore &
    ExternalAlertParts["store"] &
    Parameters<typeof createPolicyReader>[0];
  readonly kinds: ReadonlyMap<string, CheckKind>;
  readonly channelKinds: ReadonlyMap<string, ChannelKind>;
  /** From 0 to 1, for the pauses between attempts. */
  readonly random: () => number;
  readonly publicUrl: string | null;
  readonly links: SignedLinks;
  readonly userAgent: string;
  readonly refuseAddress: (address: string) => string | undefined;
  /** Told of every attempt to deliver a notice: the kind of its channel, and what came of it. */
  readonly onAttempt: (kind: string, result: Attempt["result"]) => void;
  readonly onIncidents: (incidents: readonly Incident[]) => void;
  readonly onError: (error: unknown, part: "alerting" | "delivery" | "external_alerts") => void;
}

export interface Alerts extends AsyncDisposable {
  readonly alerting: Alerting;
  readonly delivery: Delivery;
  /** Alerts of other systems; `start()` begins to look for those that are over. */
  readonly external: ExternalAlerts;
  /** Who would be told of a trouble, as things are now. */
  wouldTell(supposed: Supposed): Promise<Prospect>;
  /** What alerting asks of parts that are built after it; until then nothing is checked and nothing shared. */
  connect(later: Partial<LaterParts>): void;
}

const hourMs = 3_600_000;

type LaterParts = Omit<RelationParts, "clock" | "board" | "hostOf"> &
  Pick<DescribeParts, "figureOf">;

/** Draws the path. Nothing is delivered before `delivery.wake()`. */
export function createAlerts(parts: AlertsParts): Alerts {
  const { clock, store, board, publicUrl } = parts;
  const policy = createPolicyReader(store, clock);
  let later: LaterParts = {
    checkNow: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    failuresInRow: () => 0,
    addressesOf: () => [],
    interfacesOf: () => [],
    certificateOf: () => undefined,
    figureOf: () => undefined,
  };
  const relations = createRelations({
    clock,
    board,
    hostOf: parts.hostOf,
    addressesOf: (name) => later.addressesOf(name),
    failuresInRow: (id) => later.failuresInRow(id),
    checkNow: (id) => later.checkNow(id),
    flush: () => later.flush(),
    interfacesOf: (id) => later.interfacesOf(id),
    certificateOf: (id) => later.certificateOf(id),
  });
  const { targetOf } = relations;
  const linkPath = (id: IncidentId, action: LinkAction): string =>
    parts.links.pathOf(id, action, clock.now());
  const describe = (incident: Incident): NoticeIncident =>
    describeIncident(incident, { publicUrl, targetOf, linkPath, figureOf: later.figureOf });
  const alerting: Alerting = new Alerting({
    clock,
    store,
    createId,
    policy,
    subjectOf: (id) => subjectOf(id, parts),
    tiesOf: relations.tiesOf,
    parentsOf: relations.parentsOf,
    checkSiblings: relations.checkSiblings,
    describe,
    onIncidents: parts.onIncidents,
    onNotices: () => delivery.wake(),
    onError: (error) => parts.onError(error, "alerting"),
  });
  const delivery = new Delivery({
    clock,
    store,
    createId,
    policy,
    kinds: parts.channelKinds,
    random: parts.random,
    refuseAddress: parts.refuseAddress,
    userAgent: parts.userAgent,
    onSignals: () => alerting.wake(),
    onAttempt: ({ result }, { kind }) => parts.onAttempt(kind, result),
    onError: (error) => parts.onError(error, "delivery"),
  });
  const external = new ExternalAlerts({
    clock,
    store,
    onSignals: () => alerting.wake(),
    onError: (error) => parts.onError(error, "external_alerts"),
  });
  return {
    alerting,
    delivery,
    external,
    async wouldTell(supposed) {
      const present = await presentState(parts, await policy());
      return wouldTell(supposed, { ...present, ...relations, createId, describe });
    },
    connect(more) {
      later = { ...later, ...more };
    },
    async [Symbol.asyncDispose]() {
      await external[Symbol.asyncDispose]();
      await delivery[Symbol.asyncDispose]();
      await alerting[Symbol.asyncDispose]();
    },
  };
}

/** What a made-up incident meets at present. */
async function presentState(
  { store, clock }: Pick<AlertsParts, "store" | "clock">,
  policy: AlertPolicy,
): Promise<Pick<PresentState, "policy" | "open" | "recent">> {
  const [{ incidents: open }, recent] = await Promise.all([
    store.alertingState(),
    store.recentNotices(clock.now() - hourMs),
  ]);
  const told = recent.map(({ route, channelId, at }) => ({ key: `${route}|${channelId}`, at }));
  return { policy, open, recent: told };
}

/** Made-up targets have no incidents; neither has a monitor that is gone. */
function subjectOf(
  id: MonitorId,
  { board, kinds }: Pick<AlertsParts, "board" | "kinds">,
): FollowedSubject | undefined {
  const entry = board.get(id);
  if (entry === undefined || kinds.get(entry.monitor.kind)?.real === false) return undefined;
  const { monitor } = entry;
  const kind = followsHost(monitor) ? "host" : "monitor";
  return { subject: { kind, id: monitor.id, name: monitor.name }, labels: monitor.labels };
}

/** The guard of checks, for addresses as text. */
export function createAddressGuard(
  settings: GuardSettings,
): (address: string) => string | undefined {
  const guard = createGuard(settings);
  return (text) => {
    const address = parseAddress(text);
    return address === undefined ? undefined : guard(address);
  };
}
