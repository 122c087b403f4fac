/** What check kinds are made of: clocks, names, addresses and the judgement of faults. Built once by the application. */
import type { Clock } from "../model/clock.ts";
import { createAnchors, type Anchor } from "./anchor.ts";
import { createFaultJudge, type FaultJudge, type Stalls } from "./fault-judge.ts";
import { createGuard, type Guard, type GuardSettings } from "./guard.ts";
import { createPatternMatcher, type PatternMatcher } from "./pattern-matcher.ts";
import { KnownNames, rememberNames } from "./known-names.ts";
import { createResolver, type Resolver } from "./resolver.ts";

export interface ProbeParts {
  readonly clock: Clock;
  readonly resolver: Resolver;
  /** What the resolver found last. */
  readonly names: KnownNames;
  readonly guard: Guard;
  readonly faults: FaultJudge;
  readonly patterns: PatternMatcher;
  /** A number from 0 up to, not including, 1. */
  readonly random: () => number;
  /** The system's program for ICMP echo: a name to be found on PATH, or a path. */
  readonly pingProgram: string;
  /** Sent as User-Agent. */
  readonly userAgent: string;
}

export interface ProbeSettings {
  readonly guard?: GuardSettings;
  /** Machines that answer whenever Belfry's own network works; none: its network is taken to be fine. */
  readonly anchors?: readonly Anchor[];
  /** Name servers as `address` or `address:port`; the system's when absent. */
  readonly nameServers?: readonly string[];
  /** Default `ping`. */
  readonly pingProgram?: string;
  /** Default `Belfry`. */
  readonly userAgent?: string;
}

/** Builds the real parts. Throws a `RangeError` for guard networks that are none. */
export function createProbeParts(
  settings: ProbeSettings,
  outside: { readonly clock: Clock; readonly stalls: Stalls; readonly random: () => number },
): ProbeParts & AsyncDisposable {
  const { clock, stalls, random } = outside;
  const names = new KnownNames();
  const plain = createResolver(
    {
      ...(settings.nameServers === undefined ? {} : { servers: settings.nameServers }),
      hostsFile: hostsFile(),
      resolvConf: "/etc/resolv.conf",
    },
    clock,
  );
  const resolver = rememberNames(plain, names);
  // Anchors are chosen by whoever runs Belfry, so the guard has no say.
  const anchors = createAnchors(settings.anchors ?? [], {
    clock,
    resolver,
    guard: () => undefined,
  });
  const patterns = createPatternMatcher();
  return {
    clock,
    resolver,
    names,
    guard: createGuard(settings.guard),
    faults: createFaultJudge({ clock, stalls, anchors }),
    patterns,
    random,
    pingProgram: settings.pingProgram ?? "ping",
    userAgent: settings.userAgent ?? "Belfry",
    [Symbol.asyncDispose]: () => patterns[Symbol.asyncDispose](),
  };
}

function hostsFile(): string {
  return process.platform === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\hosts" : "/etc/hosts";
}
