/** What an event of a run says, as a line of its log. Pure. */
import type { KeptEventView } from "@belfry/contract";
import { figureWords } from "../../parts/figure-words.ts";

/** How much a line matters. */
export type LineLevel = "debug" | "info" | "good" | "warn" | "error";

export interface LogLine {
  readonly level: LineLevel;
  /** What kind of line it is: the event's level, or what happened. */
  readonly word: string;
  readonly text: string;
  /** What else came with it, as JSON; empty without. */
  readonly more: string;
}

const levels: Readonly<Record<string, LineLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  notice: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
  critical: "error",
};

/** Whether an event is only there to say that the run lives. */
export function isPulse(event: KeptEventView): boolean {
  return event.kind === "heartbeat";
}

/** Reads an event. */
export function lineOf(event: KeptEventView): LogLine {
  const { kind, metadata, metrics } = event;
  switch (kind) {
    case "event": {
      const said = text(metadata["level"]).toLowerCase();
      return {
        level: levels[said] ?? "info",
        word: said === "" ? "event" : said,
        text: text(metadata["message"]),
        more: moreOf(metadata, ["level", "message", "context"], metadata["context"]),
      };
    }
    case "progress":
      return {
        level: "info",
        word: "progress",
        text: [progressOf(metrics), text(metadata["message"])]
          .filter((part) => part !== "")
          .join(" · "),
        more: moreOf(metadata, ["message"]),
      };
    case "metric":
      return {
        level: "info",
        word: "metric",
        text: metricsOf(metrics, text(metadata["unit"])),
        more: moreOf(metadata, ["unit", "name"]),
      };
    case "heartbeat":
      return { level: "debug", word: "heartbeat", text: metricsOf(metrics, ""), more: "" };
    case "started":
      return {
        level: "good",
        word: "started",
        text: "",
        more: moreOf(metadata, ["process", "sdk", "heartbeat_s"]),
      };
    case "finished":
    case "error":
      return endOf(event);
    case "canceled":
      return {
        level: "warn",
        word: "canceled",
        text: text(metadata["reason"]),
        more: moreOf(metadata, ["reason"]),
      };
  }
}

function endOf({ kind, status, metadata }: KeptEventView): LogLine {
  const isGood = kind === "finished" && status !== "failed";
  const type = text(metadata["error_type"]);
  const message = text(metadata["error"]) || text(metadata["message"]);
  return {
    level: isGood ? "good" : "error",
    word: isGood ? (status ?? "finished") : "failed",
    text: [type, message].filter((part) => part !== "").join(": "),
    more: moreOf(metadata, ["error", "error_type", "error_stack", "message"]),
  };
}

function progressOf(metrics: Readonly<Record<string, number>>): string {
  const percent = metrics["progress_pct"];
  const current = metrics["progress_current"];
  const total = metrics["progress_total"];
  const counted =
    current === undefined ? "" : total === undefined ? `${current}` : `${current} of ${total}`;
  return [percent === undefined ? "" : `${Math.round(percent * 10) / 10} %`, counted]
    .filter((part) => part !== "")
    .join(" · ");
}

function metricsOf(metrics: Readonly<Record<string, number>>, unit: string): string {
  return Object.entries(metrics)
    .map(([name, value]) => {
      const { title, words } = figureWords(name, value);
      return `${title} ${words}${unit === "" ? "" : ` ${unit}`}`;
    })
    .join(", ");
}

function moreOf(
  metadata: Readonly<Record<string, unknown>>,
  known: readonly string[],
  context?: unknown,
): string {
  const rest = Object.fromEntries(Object.entries(metadata).filter(([key]) => !known.includes(key)));
  const whole = isRecord(context) ? { ...context, ...rest } : rest;
  if (context !== undefined && !isRecord(context)) return JSON.stringify(context);
  return Object.keys(whole).length === 0 ? "" : JSON.stringify(whole);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
