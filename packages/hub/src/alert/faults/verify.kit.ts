/** What must be true after every run, whatever went wrong in it. */
import assert from "node:assert/strict";
import type { Incident } from "../../model/incident.ts";
import type { NewNotice, NoticeIncident } from "../../model/notice.ts";
import type { Store } from "../../store/port.ts";
import type { Played } from "./world.kit.ts";

/** Throws where something was lost, told twice without need, told out of order, or made up. */
export async function verify(played: Played, store: Store): Promise<void> {
  await verifyTargets(played, store);
  await verifyNotices(played, store);
  verifyRepeats(played);
  verifyOrder(played);
  await verifyTold(played, store);
}

/** Every change of status reached an incident, and no target was said to be down that was not. */
async function verifyTargets(played: Played, store: Store): Promise<void> {
  const { beganAt, monitors, scenario, written } = played;
  for (const [{ name, down }, { id }] of monitors) {
    const spans = down.map(([from, to]) => [beganAt + from * 1000, beganAt + to * 1000] as const);
    const isTrue = (at: number): boolean => spans.some(([from, to]) => from <= at && at < to);
    const whole = { from: beganAt, to: Number.MAX_SAFE_INTEGER };
    const outages = (await store.statusIntervals(id, whole)).filter(
      ({ status }) => status === "down",
    );
    for (const { from } of outages)
      assert.ok(isTrue(from), `${name} was down, at ${from - beganAt}`);
    assert.equal(outages.length, spans.length, `outages of ${name} that were noticed`);
    const changes = written.transitions.filter(({ monitorId }) => monitorId === id);
    const downs = changes.filter(({ to }) => to === "down");
    const begins = downs.map(({ failure }) => failure?.at ?? 0);
    assert.equal(begins.length, spans.length, `changes of ${name} to down`);
    const key = `monitor_down:monitor:${id}`;
    const incidents = await store.incidents({ subjectId: id, limit: 100 });
    const troubles = incidents.flatMap((one) =>
      one.troubles.filter((trouble) => trouble.key === key),
    );
    const sinces = troubles.map(({ since }) => since).toSorted((a, b) => a - b);
    const noticed = scenario.isFlapping === true ? sinces.slice(0, 1) : sinces;
    const expected = scenario.isFlapping === true ? begins.slice(0, 1) : begins;
    assert.deepEqual(noticed, expected, `troubles of ${name}`);
    for (const { since } of troubles)
      assert.ok(isTrue(since), `${name} rang at ${since - beganAt}`);
    assert.ok(troubles.every(({ until }) => until !== null));
  }
}

/** Every notice that was decided was sent, or ended as the rules say; and nothing else was sent. */
async function verifyNotices(played: Played, store: Store): Promise<void> {
  const { written, provider, scenario } = played;
  const taken = new Set<string>(provider.taken.map(({ notice }) => notice.id));
  for (const { notice } of written.notices) {
    const kept = await store.notice(notice.id);
    const end = kept?.state ?? "lost";
    assert.ok(
      end === "sent" || scenario.ends?.some((one) => one === end),
      `${notice.title}: ${end}`,
    );
    if (end === "sent") assert.ok(taken.has(notice.id), `${notice.title} is said to be sent`);
  }
  await verifyFallbacks(played, store);
  const decided = new Set<string>(written.notices.map(({ notice }) => notice.id));
  for (const { notice } of provider.taken) {
    assert.ok(decided.has(notice.id), `${notice.title} was sent and never decided`);
  }
}

/** What a channel refused, or could not be told for a day, each fallback channel was told. */
async function verifyFallbacks(
  { written, scenario, channels }: Played,
  store: Store,
): Promise<void> {
  const fallbacks = scenario.channels.filter(({ isFallback }) => isFallback === true);
  for (const { notice, isFallback } of written.notices) {
    const state = (await store.notice(notice.id))?.state;
    if (isFallback || (state !== "refused" && state !== "given_up")) continue;
    for (const { name } of fallbacks) {
      const same = written.notices.filter(
        (one) => one.channelId === channels.get(name)?.id && one.notice.title === notice.title,
      );
      assert.ok(same.length > 0, `${name} was not told: ${notice.title}`);
    }
  }
}

/** At most one repeat for each crash, with the same id; besides those that a provider caused itself. */
function verifyRepeats({ provider, crashes }: Played): void {
  const counts = new Map<string, number>();
  for (const { notice, isCut } of provider.taken) {
    if (!isCut) counts.set(notice.id, (counts.get(notice.id) ?? 0) + 1);
  }
  const repeats = counts.values().reduce((sum, count) => sum + count - 1, 0);
  assert.ok(repeats <= crashes, `${repeats} repeats after ${crashes} crashes`);
}

/** Of one incident a channel was told in the order of decisions, and never that it is over before that it began. */
function verifyOrder({ provider, written }: Played): void {
  const order = new Map<string, number>(written.notices.map(({ notice }, i) => [notice.id, i]));
  const latest = new Map<string, number>();
  const over = new Set<string>();
  const seen = new Set<string>();
  for (const { channel, notice } of provider.taken) {
    if (seen.has(notice.id)) continue;
    seen.add(notice.id);
    const at = order.get(notice.id) ?? -1;
    for (const { id, status } of notice.incidents) {
      const key = `${channel} ${id}`;
      assert.ok(at > (latest.get(key) ?? -1), `${notice.title} overtook another on ${channel}`);
      latest.set(key, at);
      assert.ok(status === "resolved" || !over.has(key), `${notice.title} began after its end`);
      if (status === "resolved") over.add(key);
    }
  }
}

/** Whoever had to be told was: once that it began, and once that it is over. */
async function verifyTold(played: Played, store: Store): Promise<void> {
  const { scenario, monitors, channels, written } = played;
  const own = new Map<string, Incident>();
  for (const { id } of monitors.values()) {
    for (const one of await store.incidents({ subjectId: id, limit: 100 })) own.set(one.id, one);
  }
  for (const [name, expected] of Object.entries(scenario.told)) {
    const mine = written.notices.filter(({ channelId }) => channelId === channels.get(name)?.id);
    for (const incident of own.values()) {
      if (expected === "each") assertToldOnce(mine, incident, name);
      const told = entriesOf(mine, incident).length;
      assert.ok(expected === "none" ? told === 0 : told > 0, `${name} was told ${told} times`);
    }
  }
  for (const [name, tellers] of Object.entries(scenario.troubled ?? {})) {
    if (!(await wasInTrouble(played, name, store))) continue;
    const subjectId = `channel:${channels.get(name)?.id}`;
    const incidents = await store.incidents({ subjectId, limit: 9 });
    assert.ok(incidents.length > 0, `nothing was said of ${name}`);
    for (const teller of tellers) {
      const mine = written.notices.filter(
        ({ channelId }) => channelId === channels.get(teller)?.id,
      );
      for (const incident of incidents) assertToldOnce(mine, incident, teller);
    }
  }
}

/** It took time until the next process might try: the channel may be well by then. */
async function wasInTrouble(
  { channels, written }: Played,
  name: string,
  store: Store,
): Promise<boolean> {
  for (const { channelId, notice } of written.notices) {
    if (channelId !== channels.get(name)?.id) continue;
    const attempts = await store.deliveries(notice.id, 100);
    if (attempts.some(({ result }) => result === "refused" || result === "misconfigured"))
      return true;
    if ((await store.notice(notice.id))?.state === "given_up") return true;
  }
  return false;
}

function entriesOf(
  notices: readonly NewNotice[],
  { id }: Incident,
): readonly { readonly kind: string; readonly incident: NoticeIncident }[] {
  return notices.flatMap(({ notice }) =>
    notice.incidents
      .filter((one) => one.id === id)
      .map((incident) => ({ kind: notice.kind, incident })),
  );
}

function assertToldOnce(notices: readonly NewNotice[], incident: Incident, channel: string): void {
  const entries = entriesOf(notices, incident);
  const what = `${channel} about ${incident.title}: ${entries.map(({ kind }) => kind).join(", ")}`;
  const began = entries.filter(({ incident: { status } }) => status === "firing");
  assert.ok(began.length > 0, what);
  const first = began.filter(({ kind }) => kind === "firing" || kind === "escalated");
  assert.ok(first.length <= 1, what);
  assert.equal(entries.length - began.length, incident.resolvedAt === null ? 0 : 1, what);
}
