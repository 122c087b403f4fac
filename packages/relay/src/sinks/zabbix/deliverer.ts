/**
 * Delivers records as values of items.
 *
 * 1. What is to be announced goes first, so that items are made early.
 * 2. Values of items that the server takes go before those it may not know, so that a refusal among these sends little again.
 * 3. A refused value of an item that took another one is sent once more: the item may have come between. If it is refused
 *    again, the value is at fault.
 * 4. Where nothing was taken for the host, something that it must take is sent: a list of discovery, or a value it took
 *    before. If that is refused as well, it is the host that is wrong.
 */
import type { EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { createDiscovery, type Announcement } from "./discovery.ts";
import type { Reply } from "./exchange.ts";
import { createItemLedger } from "./item-ledger.ts";
import { sendValues, type SentValue, type ValueVerdict } from "./send-values.ts";
import type { ZabbixSettings } from "./settings.ts";
import { stampOf, type Stamp } from "./stamp.ts";
import { valuesOf, type RecordValue } from "./values.ts";

/** How soon an item that is missing is tried again, ms. */
const itemPollMs = 5_000;

export interface DelivererParts extends Pick<EventSinkParts, "clock" | "log"> {
  readonly ask: (text: string, signal: AbortSignal) => Promise<Reply>;
}

export interface Deliverer {
  deliver(records: readonly SinkRecord[], signal: AbortSignal): Promise<readonly RecordDelivery[]>;
  /** Items that refuse values at present. */
  missing(): number;
  /** Rules of discovery, by key, and whether the server took their list. */
  discovery(): Readonly<Record<string, string>>;
}

/** One value on its way. */
interface Part {
  readonly value: SentValue;
  readonly discovered: RecordValue["discovered"];
  verdict: ValueVerdict | undefined;
  /** It was refused while its item took another value: it is not tried again. */
  isAtFault: boolean;
}

/** A record and what is sent of it; undefined: its time is one that Zabbix cannot keep. */
interface Plan {
  readonly record: SinkRecord;
  readonly parts: readonly Part[] | undefined;
}

/** Makes one that knows nothing of the server yet. */
export function createDeliverer(settings: ZabbixSettings, parts: DelivererParts): Deliverer {
  const state = new ZabbixDeliverer(settings, parts);
  return {
    deliver: (records, signal) => state.deliver(records, signal),
    missing: () => state.ledger.missing(),
    discovery: () => state.discovery.states(),
  };
}

class ZabbixDeliverer {
  readonly ledger = createItemLedger();
  readonly discovery = createDiscovery();
  readonly #settings: ZabbixSettings;
  readonly #parts: DelivererParts;
  /** Of records that were not settled: their values, with their times and what was taken of them, so that a record tried again sends the same. */
  #pending = new Map<string, readonly Part[]>();
  #lastTaken: SentValue | undefined;
  #isFullTold = false;

  constructor(settings: ZabbixSettings, parts: DelivererParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  async deliver(
    records: readonly SinkRecord[],
    signal: AbortSignal,
  ): Promise<readonly RecordDelivery[]> {
    const plans = records.map((record) => this.#plan(record));
    const open = plans
      .flatMap(({ parts }) => parts ?? [])
      .filter(({ verdict, isAtFault }) => verdict?.kind !== "processed" && !isAtFault);
    for (const part of open) part.verdict = undefined;
    const isHostKnown = open.length > 0 && (await this.#sendAll(open, signal));
    const answers = plans.map((plan) => this.#answer(plan, isHostKnown));
    this.#pending = new Map(
      plans.flatMap(({ record, parts }, i) => {
        const kind = answers[i]?.kind;
        const isOpen = kind === "retry" || kind === "misconfigured";
        return isOpen && parts !== undefined ? [[record.id, parts] as const] : [];
      }),
    );
    return answers;
  }

  #plan(record: SinkRecord): Plan {
    const pending = this.#pending.get(record.id);
    if (pending !== undefined) return { record, parts: pending };
    const stamp = stampOf(record);
    if (stamp === undefined) return { record, parts: undefined };
    const parts = valuesOf(record, this.#settings).map((one) => this.#part(one, stamp));
    return { record, parts };
  }

  #part({ key, value, discovered }: RecordValue, stamp: Stamp): Part {
    const { host, discovery } = this.#settings;
    if (discovered !== undefined && discovery && !this.discovery.note(discovered)) this.#tellFull();
    const sent = { host, key, value, ...this.ledger.stamp(key, stamp) };
    return { value: sent, discovered, verdict: undefined, isAtFault: false };
  }

  #tellFull(): void {
    if (this.#isFullTold) return;
    this.#isFullTold = true;
    this.#parts.log.warn(
      {},
      "there are more jobs, metrics, monitors or hosts than are announced to Zabbix",
    );
  }

  /** Sends parts and notes the verdict in each. Whether the server takes anything for the host. */
  async #sendAll(open: readonly Part[], signal: AbortSignal): Promise<boolean> {
    const { discovery } = this;
    const announced = await this.#announce(discovery.due(this.#nowMs()), signal);
    if (announced.kind === "failed") {
      for (const part of open) part.verdict = announced;
      return true;
    }
    const isTaken = (part: Part): boolean => this.ledger.isTaken(part.value.key);
    const groups = [open.filter(isTaken), open.filter((part) => !isTaken(part))];
    for (const group of groups) {
      const failure = await this.#send(group, signal);
      if (failure === undefined) continue;
      for (const part of open) part.verdict ??= failure;
      return true;
    }
    const processed = open.filter(({ verdict }) => verdict?.kind === "processed");
    const refused = open.filter(({ verdict }) => verdict?.kind === "refused");
    if (refused.length === 0) return true;
    const taking = new Set(processed.map(({ value }) => value.key));
    const again = refused.filter(({ value }) => taking.has(value.key));
    if (again.length > 0 && (await this.#send(again, signal)) !== undefined) return true;
    for (const part of again) part.isAtFault = part.verdict?.kind === "refused";
    if (processed.length > 0 || announced.kind === "processed") return true;
    return this.#isHostKnown(refused, signal);
  }

  /** Sends parts and notes what became of them; the failure where there was one. */
  async #send(
    group: readonly Part[],
    signal: AbortSignal,
  ): Promise<Extract<ValueVerdict, { kind: "failed" }> | undefined> {
    const verdicts = await this.#ask(
      group.map(({ value }) => value),
      signal,
    );
    let failure: Extract<ValueVerdict, { kind: "failed" }> | undefined;
    for (const [i, part] of group.entries()) {
      const verdict = verdicts[i];
      part.verdict = verdict;
      if (verdict?.kind === "failed") failure = verdict;
      if (verdict?.kind !== "processed") continue;
      this.ledger.took(part.value.key);
      this.#lastTaken = part.value;
    }
    return failure;
  }

  /** Sends lists of discovery. That one is refused harms nothing: items may be made by hand. */
  async #announce(
    announcements: readonly Announcement[],
    signal: AbortSignal,
  ): Promise<ValueVerdict | { readonly kind: "nothing" }> {
    if (announcements.length === 0) return { kind: "nothing" };
    const now = this.#parts.clock.now();
    const clock = Math.floor(now / 1000);
    const { host } = this.#settings;
    const values = announcements.map(({ key, value }, i) => ({ host, key, value, clock, ns: i }));
    const verdicts = await this.#ask(values, signal);
    const before = this.discovery.states();
    for (const [i, { rule, key }] of announcements.entries()) {
      const verdict = verdicts[i];
      if (verdict === undefined || verdict.kind === "failed") continue;
      const isTaken = verdict.kind === "processed";
      this.discovery.answered(rule, isTaken, this.#nowMs());
      if (!isTaken && before[key] !== "refused") {
        const message = "the host has no discovery rule with this key: nothing is made by itself";
        this.#parts.log.warn({ host, key }, message);
      }
    }
    return (
      verdicts.find(({ kind }) => kind === "failed") ??
      verdicts.find(({ kind }) => kind === "processed") ?? { kind: "refused", why: "" }
    );
  }

  /** Whether something is taken for the host that has to be. A failure is noted in what was refused. */
  async #isHostKnown(refused: readonly Part[], signal: AbortSignal): Promise<boolean> {
    const announced = await this.#announce(this.discovery.all(), signal);
    if (announced.kind === "processed") return true;
    const last = this.#lastTaken;
    const [verdict] = last === undefined ? [] : await this.#ask([last], signal);
    if (verdict?.kind === "processed") return true;
    const failure = [announced, verdict].find((one) => one?.kind === "failed");
    if (failure?.kind !== "failed") return false;
    for (const part of refused) part.verdict = failure;
    return true;
  }

  #ask(values: readonly SentValue[], signal: AbortSignal): Promise<readonly ValueVerdict[]> {
    return sendValues(values, {
      ask: (text) => this.#parts.ask(text, signal),
      most: this.#settings.batch,
      now: this.#parts.clock.now,
    });
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #answer({ parts, record }: Plan, isHostKnown: boolean): RecordDelivery {
    if (parts === undefined) {
      return {
        kind: "refused",
        why: `Zabbix keeps no values of ${record.at.slice(0, 40)}: only from 1970 to 2038`,
      };
    }
    return parts.map((part) => this.#answerOf(part, isHostKnown)).reduce(worse, { kind: "sent" });
  }

  #answerOf({ verdict, value, discovered, isAtFault }: Part, isHostKnown: boolean): RecordDelivery {
    if (verdict === undefined || verdict.kind === "processed") return { kind: "sent" };
    if (verdict.kind === "failed") {
      return { kind: verdict.isSetting ? "misconfigured" : "retry", why: verdict.why };
    }
    const { host, item_wait: waitSeconds } = this.#settings;
    const said = verdict.why === "" ? "" : `; ${verdict.why}`;
    const { key } = value;
    if (isAtFault) {
      return { kind: "refused", why: `${host} did not take this value of ${key}${said}` };
    }
    if (!isHostKnown) {
      const why = `it takes no value at all for the host ${host}: there is none of this name, it is disabled, nothing of it takes values from here, or it asks for another encryption`;
      return { kind: "misconfigured", why: `${why}${said}` };
    }
    if (discovered !== undefined) this.discovery.want(discovered.rule);
    const refusedMs = this.ledger.refused(key, this.#nowMs());
    if (refusedMs < waitSeconds * 1000) {
      const afterMs = Math.min(itemPollMs, waitSeconds * 1000 - refusedMs);
      return { kind: "retry", why: `${host} has no item ${key} yet${said}`, afterMs };
    }
    const why = `${host} has no item ${key} that takes values from here: it is not there, disabled, not of the type Zabbix trapper, or its allowed hosts do not name us`;
    return { kind: "refused", why: `${why}${said}` };
  }
}

const rank = { sent: 0, refused: 1, retry: 2, misconfigured: 3 } as const;

/** Of what is said of the values of one record, that which decides: it is done for when nothing of it is open. */
function worse(a: RecordDelivery, b: RecordDelivery): RecordDelivery {
  return rank[b.kind] > rank[a.kind] ? b : a;
}
