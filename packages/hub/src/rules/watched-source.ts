/**
 * What rules know of one subject: the newest samples and the windows of the series they look at, and the state of every
 * trouble that is not inactive. Samples are taken in as they arrive; looking reads no store.
 */
import { matches } from "../model/matcher.ts";
import type { KeptRuleState, RuleState, RuleStateKey } from "../model/rule-state.ts";
import type { Frame, SeriesKey, SourceKey } from "../model/series.ts";
import type { Signal } from "../model/signal.ts";
import { find, type Finding } from "./condition.ts";
import { isFiring, step } from "./rule-state.ts";
import { primaryMetric, type RuleSet, type SubjectKind } from "./rule-set.ts";
import {
  instanceKey,
  parseSeriesText,
  seriesText,
  type Instance,
  type SeriesPlan,
} from "./series-plan.ts";
import { SpanWindow } from "./span-window.ts";
import { freshMsOf, matchedLabelsOf, type RuleSubject } from "./subject.ts";
import { clearedSignal, messageOf, raisedSignal } from "./words.ts";

/** Draws plans; shares those of equal lists. */
export type Planner = (list: readonly SeriesKey[], kind: SubjectKind) => SeriesPlan;

interface Active {
  readonly state: RuleState;
  readonly raised: Signal | null;
}

/** What is collected while sources are looked at: the last word about each state, and every signal in order. */
export interface Draft {
  readonly states: Map<string, Decided>;
  readonly signals: Signal[];
}

/** `kept` is null: inactive again. */
export interface Decided {
  readonly key: RuleStateKey;
  readonly kept: KeptRuleState | null;
}

/** What is answered about a series that is looked at. */
type Verdict = 0 | 1 | 2 | 3;
const quiet: Verdict = 0;
const cannotTell: Verdict = 1;
const pending: Verdict = 2;
const firing: Verdict = 3;

/**
 * A series that says nothing for so long, in ms, while its source says other things, is not there any more: a container
 * that was removed, a disk that was unplugged.
 */
const goneMs = 3_600_000;
/** A series that is absent is remembered for so long beyond the span of its rule, in ms. */
const absentMs = 86_400_000;
const noPlan: SeriesPlan = {
  columns: new Int32Array(),
  series: [],
  windows: [],
  windowsAt: [],
  instances: [],
};

export class WatchedSource {
  readonly source: SourceKey;
  readonly kind: SubjectKind;
  readonly #active = new Map<string, Active>();
  #rules: RuleSet;
  #plan = noPlan;
  #list: readonly SeriesKey[] | null = null;
  #times = new Float64Array();
  #values = new Float64Array();
  #windows: SpanWindow[] = [];
  #newestAt = Number.NEGATIVE_INFINITY;
  /** Which rules are about this subject; by their numbers. */
  #applies = new Uint8Array();
  #origin: object | null = null;
  #verdicts = new Uint8Array();
  /** Whether what is in the store from before was read into the windows. */
  isRecalled = false;

  constructor(source: SourceKey, kind: SubjectKind, rules: RuleSet) {
    this.source = source;
    this.kind = kind;
    this.#rules = rules;
  }

  /** Troubles that are not inactive. */
  get activeCount(): number {
    return this.#active.size;
  }

  /** Bytes of samples it keeps, about. */
  get bytes(): number {
    return this.#windows.length * windowBytes + this.#times.length * 16 + this.#verdicts.length;
  }

  /** Takes over a state that was kept. */
  restore({ ruleId, series, state, raised }: KeptRuleState): void {
    this.#active.set(instanceKey(ruleId, series), { state, raised });
  }

  /** Looks at these rules from now on. */
  useRules(rules: RuleSet, planner: Planner): void {
    if (rules === this.#rules) return;
    this.#rules = rules;
    this.#origin = null;
    if (this.#list !== null) this.#replan(this.#list, planner);
  }

  /** Takes in a frame of its series. */
  take(frame: Frame, planner: Planner): void {
    if (frame.series !== this.#list) this.#replan(frame.series, planner);
    const { times, values, present, series } = frame;
    const count = times.length;
    for (let place = 0; place < this.#plan.columns.length; place += 1) {
      const column = this.#plan.columns[place] ?? -1;
      if (column >= series.length) continue;
      for (let i = 0; i < count; i += 1) {
        const at = column * count + i;
        if (present !== undefined && present[at] !== 1) continue;
        this.#put(place, times[i] ?? Number.NaN, values[at] ?? Number.NaN);
      }
    }
    this.#newestAt = Math.max(this.#newestAt, times[count - 1] ?? this.#newestAt);
  }

  /** Takes in one sample of the series in a column of a list; `at` is epoch ms. */
  put(
    list: readonly SeriesKey[],
    column: number,
    at: number,
    value: number,
    planner: Planner,
  ): void {
    if (list !== this.#list) this.#replan(list, planner);
    const place = this.#plan.columns.indexOf(column);
    if (place !== -1) this.#put(place, at, value);
    this.#newestAt = Math.max(this.#newestAt, at);
  }

  /** Takes in series that are known from before; nothing of them is known yet. */
  expect(list: readonly SeriesKey[], planner: Planner): void {
    if (this.#list === null || this.kind === "job") this.#replan(list, planner);
  }

  /** Series with the windows rules need of them, which the store is asked to fill. */
  windowNeeds(): readonly { readonly key: SeriesKey; readonly window: SpanWindow }[] {
    return this.#plan.windows.flatMap(({ place }, number) => {
      const key = this.#plan.series[place];
      const window = this.#windows[number];
      return key === undefined || window === undefined ? [] : [{ key, window }];
    });
  }

  /** Takes over windows that were filled, and newest samples that were kept. */
  recall(
    filled: ReadonlyMap<SpanWindow, SpanWindow>,
    newest: readonly { readonly key: SeriesKey; readonly at: number; readonly value: number }[],
  ): void {
    this.#windows = this.#windows.map((window) => filled.get(window) ?? window);
    const places = new Map(this.#plan.series.map((key, place) => [keyText(key), place]));
    for (const { key, at, value } of newest) {
      const place = places.get(keyText(key));
      if (place === undefined || Number.isNaN(value)) continue;
      if (at > (this.#times[place] ?? 0)) {
        this.#times[place] = at;
        this.#values[place] = value;
      }
      this.#newestAt = Math.max(this.#newestAt, at);
    }
    this.isRecalled = true;
  }

  /** Looks at everything, and collects what was decided. `subject` is undefined when it is gone. `now` is epoch ms. */
  look(now: number, subject: RuleSubject | undefined, draft: Draft): void {
    if (subject?.isWatched !== true) {
      this.#verdicts.fill(quiet);
      for (const key of this.#active.keys()) this.#end(key, now, goneWords.subject, draft);
      return;
    }
    if (!this.isRecalled) return;
    if (this.#origin !== subject.origin) this.#choose(subject, now, draft);
    const freshMs = freshMsOf(subject);
    const at = now + subject.clockOffsetMs;
    const isHeard = at - this.#newestAt <= freshMs;
    for (const [number, instance] of this.#plan.instances.entries()) {
      if (this.#applies[instance.rule] !== 1) continue;
      const before = this.#verdicts[number] ?? quiet;
      const active = before === quiet ? undefined : this.#active.get(instance.key);
      const finding = this.#find(instance, { now: at, freshMs, isActive: isFiring(active?.state) });
      if (active === undefined && finding.kind === "does_not_hold") {
        this.#verdicts[number] = quiet;
        continue;
      }
      this.#verdicts[number] = this.#decide(
        { instance, subject, finding, active, isHeard, now, at },
        draft,
      );
    }
  }

  /** What each condition is found to be now; nothing is changed by it. */
  peek(
    now: number,
    subject: RuleSubject,
  ): readonly { readonly series: SeriesKey["labels"]; readonly finding: Finding }[] {
    const moment = {
      now: now + subject.clockOffsetMs,
      freshMs: freshMsOf(subject),
      isActive: false,
    };
    return this.#plan.instances.map((instance) => ({
      series: this.#plan.series[instance.place]?.labels ?? {},
      finding: this.#find(instance, moment),
    }));
  }

  /** Counts of this subject by the number of a rule: whether it holds of it, and whether it cannot be told. */
  count(tally: (rule: number, verdict: "firing" | "cannot_tell") => void): void {
    const [holds, unclear] = [new Set<number>(), new Set<number>()];
    for (const [number, { rule }] of this.#plan.instances.entries()) {
      const verdict = this.#verdicts[number];
      if (verdict === firing) holds.add(rule);
      if (verdict === cannotTell) unclear.add(rule);
    }
    for (const rule of holds) tally(rule, "firing");
    for (const rule of unclear) tally(rule, "cannot_tell");
  }

  #find(
    instance: Instance,
    moment: { readonly now: number; readonly freshMs: number; readonly isActive: boolean },
  ): Finding {
    const { place, other, window } = instance;
    const rule = this.#rules.rules[instance.rule];
    if (rule === undefined) return { kind: "does_not_apply" };
    const view = {
      at: this.#times[place] ?? Number.NEGATIVE_INFINITY,
      value: this.#values[place] ?? Number.NaN,
      window: window === -1 ? undefined : this.#windows[window],
    };
    const denominator =
      other === -1
        ? undefined
        : {
            at: this.#times[other] ?? Number.NEGATIVE_INFINITY,
            value: this.#values[other] ?? Number.NaN,
            window: undefined,
          };
    return find(rule.rule.condition, view, denominator, moment);
  }

  #decide(
    seen: {
      readonly instance: Instance;
      readonly subject: RuleSubject;
      readonly finding: Finding;
      readonly active: Active | undefined;
      readonly isHeard: boolean;
      readonly now: number;
      readonly at: number;
    },
    draft: Draft,
  ): Verdict {
    const { instance, subject, finding, active, isHeard, now, at } = seen;
    const rule = this.#rules.rules[instance.rule];
    if (rule === undefined) return quiet;
    const { severity, for_seconds: forSeconds, recovery_for_seconds: recovery } = rule.rule;
    const hold = { forMs: forSeconds * 1000, recoveryForMs: recovery * 1000, severity };
    const next = step(active?.state, finding, hold, now);
    const value = "value" in finding ? finding.value : undefined;
    const labels = this.#plan.series[instance.place]?.labels ?? {};
    const blindSince = next.state?.blindSince ?? this.#times[instance.place] ?? at;
    if (value === undefined && isHeard && at - blindSince > goneMs) {
      this.#end(instance.key, now, goneWords.series, draft);
      return quiet;
    }
    if (next.state === undefined) {
      if (active !== undefined && value !== undefined) {
        this.#end(instance.key, now, messageOf(rule, labels, value), draft);
      }
      return finding.kind === "cannot_tell" ? cannotTell : quiet;
    }
    if (next.state !== active?.state) {
      const series = seriesText(labels);
      let raised = active?.raised ?? null;
      if (next.signal === "raised" && value !== undefined) {
        const { startedAt } = next.state;
        raised = raisedSignal({ rule, subject, labels, series, startedAt, now, value });
        draft.signals.push(raised);
      }
      this.#active.set(instance.key, { state: next.state, raised });
      const own = { ruleId: rule.id, source: this.source, series };
      const kept = { ...own, state: next.state, raised };
      draft.states.set(`${this.source}\n${instance.key}`, { key: own, kept });
    }
    if (finding.kind === "cannot_tell") return cannotTell;
    return isFiring(next.state) ? firing : pending;
  }

  /** Ends a trouble, whatever it was. */
  #end(key: string, now: number, why: string, draft: Draft): void {
    const active = this.#active.get(key);
    if (active === undefined) return;
    this.#active.delete(key);
    const [ruleId = "", ...series] = key.split("\n");
    const own = { ruleId, source: this.source, series: series.join("\n") };
    draft.states.set(`${this.source}\n${key}`, { key: own, kept: null });
    if (active.raised !== null && isFiring(active.state)) {
      draft.signals.push(clearedSignal(active.raised, now, why));
    }
  }

  /** Which rules are about this subject. What is active of another rule is over. */
  #choose(subject: RuleSubject, now: number, draft: Draft): void {
    const labels = matchedLabelsOf(subject);
    const applies = new Uint8Array(this.#rules.rules.length);
    for (const number of new Set(this.#plan.instances.map(({ rule }) => rule))) {
      const { matchers } = this.#rules.rules[number]?.rule ?? { matchers: [] };
      applies[number] = matches(matchers, labels) ? 1 : 0;
    }
    this.#applies = applies;
    this.#origin = subject.origin;
    this.#verdicts.fill(cannotTell);
    if (this.#active.size === 0) return;
    const covered = new Set<string>();
    for (const { rule, key } of this.#plan.instances) if (applies[rule] === 1) covered.add(key);
    for (const key of this.#active.keys()) {
      if (!covered.has(key)) this.#end(key, now, goneWords.rule, draft);
    }
  }

  #put(place: number, at: number, value: number): void {
    if (Number.isNaN(value)) return;
    for (const window of this.#plan.windowsAt[place] ?? []) this.#windows[window]?.add(at, value);
    if (at >= (this.#times[place] ?? Number.NEGATIVE_INFINITY)) {
      this.#times[place] = at;
      this.#values[place] = value;
    }
  }

  /** Looks at another list, and keeps what is known of the series that were there before. */
  #replan(list: readonly SeriesKey[], planner: Planner): void {
    const before = this.#plan;
    const places = new Map(before.series.map((key, place) => [keyText(key), place]));
    const windows = new Map(
      before.windows.map(({ place, kind, overMs }, number) => {
        const text = keyText(before.series[place] ?? nothing);
        return [`${kind} ${overMs} ${text}`, this.#windows[number]] as const;
      }),
    );
    const { times, values } = { times: this.#times, values: this.#values };
    const lost = this.#lostSeries(list, before);
    const plan = planner(lost.length === 0 ? list : [...list, ...lost], this.kind);
    this.#list = list;
    this.#plan = plan;
    this.#times = new Float64Array(plan.series.length).fill(Number.NEGATIVE_INFINITY);
    this.#values = new Float64Array(plan.series.length);
    for (const [place, key] of plan.series.entries()) {
      const old = places.get(keyText(key));
      if (old === undefined) continue;
      this.#times[place] = times[old] ?? Number.NEGATIVE_INFINITY;
      this.#values[place] = values[old] ?? Number.NaN;
    }
    this.#windows = plan.windows.map(({ place, kind, overMs }) => {
      const text = keyText(plan.series[place] ?? nothing);
      const kept = windows.get(`${kind} ${overMs} ${text}`);
      // A rule that is new wants to know what was before it.
      if (kept === undefined && places.has(text)) this.isRecalled = false;
      return kept ?? new SpanWindow(kind, overMs);
    });
    this.#verdicts = new Uint8Array(plan.instances.length).fill(cannotTell);
    this.#origin = null;
  }

  /** Series that are not in the list any more and that something is still to be said of. */
  #lostSeries(list: readonly SeriesKey[], before: SeriesPlan): readonly SeriesKey[] {
    const there = new Set(list.map(keyText));
    const lost = new Map<string, SeriesKey>();
    const keep = (key: SeriesKey): void => {
      const text = keyText(key);
      if (!there.has(text)) lost.set(text, key);
    };
    for (const key of this.#active.keys()) {
      const [ruleId = "", ...series] = key.split("\n");
      const rule = this.#rules.get(ruleId)?.rule;
      if (rule?.enabled !== true || rule.subject !== this.kind) continue;
      const { name } = primaryMetric(rule.condition);
      keep({ name, labels: parseSeriesText(series.join("\n")) });
    }
    for (const { rule, place } of before.instances) {
      const key = before.series[place];
      const condition = this.#rules.rules[rule]?.rule.condition;
      if (key === undefined || condition?.kind !== "absence") continue;
      const silentMs = this.#newestAt - (this.#times[place] ?? Number.NEGATIVE_INFINITY);
      if (!(silentMs <= condition.over_seconds * 1000 + absentMs)) continue;
      if (primaryMetric(condition).name === key.name) keep(key);
    }
    return [...lost.values()];
  }
}

const nothing: SeriesKey = { name: "", labels: {} };
const windowBytes = 900;
const goneWords = {
  rule: "no rule looks at it any more",
  subject: "it is not watched any more",
  series: "its series is not reported any more",
} as const;

function keyText({ name, labels }: SeriesKey): string {
  return `${name}\n${seriesText(labels)}`;
}
