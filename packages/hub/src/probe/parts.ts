/** What check kinds are made of: clocks, names, addresses and the judgement of faults. Built once by the application. */
import type { Clock } from "../model/clock.ts";
import { anchorWitness, type Anchor } from "./anchor.ts";
import { createFaultJudge, type FaultJudge, type Stalls } from "./fault-judge.ts";
import { createGuard, type Guard, type GuardSettings } from "./guard.ts";
import { createPatternMatcher, type PatternMatcher } from "./pattern-matcher.ts";
import { KnownNames, rememberNames } from "./known-names.ts";
import { OwnNetwork } from "./own-network.ts";
import { createResolver, type Resolver } from "./resolver.ts";
import type { Surroundings } from "./surroundings.ts";
import { witnessMakers } from "./witness.ts";

export interface ProbeParts {
  readonly clock: Clock;
  readonly resolver: Resolver;
  /** What the resolver found last. */
  readonly names: KnownNames;
  readonly guard: Guard;
  readonly faults: FaultJudge;
  /** Whether Belfry's own network is there. */
  readonly network: OwnNetwork;
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
  /** Machines that answer whenever Belfry's own network works, asked in place of those it finds itself. */
  readonly anchors?: readonly Anchor[];
  /** What the system says of its network: gateways, name servers; left out: without anchors the network is taken to be there. */
  readonly surroundings?: () => Surroundings;
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
  const dialParts = { clock, resolver, guard: () => undefined };
  const network = new OwnNetwork({
    clock,
    surroundings: settings.surroundings ?? null,
    anchors: (settings.anchors ?? []).map((anchor) => anchorWitness(anchor, dialParts)),
    witnesses: witnessMakers,
  });
  const patterns = createPatternMatcher();
  return {
    clock,
    resolver,
    names,
    guard: createGuard(settings.guard),
    faults: createFaultJudge({ clock, stalls, network }),
    network,
    patterns,
    random,
    pingProgram: settings.pingProgram ?? "ping",
    userAgent: settings.userAgent ?? "Belfry",
    [Symbol.asyncDispose]() {
      network[Symbol.dispose]();
      return patterns[Symbol.asyncDispose]();
    },
  };
}

function hostsFile(): string {
  return process.platform === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\hosts" : "/etc/hosts";
}
