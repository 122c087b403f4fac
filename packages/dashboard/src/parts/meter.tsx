/** A share as a number over a bar. It is coloured only where somebody should look. */
import type { ComponentChildren } from "preact";
import { formatShare } from "../format/number.ts";
import type { Level } from "./level.ts";
import "./meter.css";

interface MeterProps {
  /** 0 to 1; null: not known. */
  readonly share: number | null;
  readonly level: Level;
  /** In place of the share in words. */
  readonly children?: ComponentChildren;
}

/** Draws the number and its bar. */
export function Meter({ share, level, children }: MeterProps) {
  return (
    <span class={`meter level-${level}`}>
      <span class="meter-value">{children ?? formatShare(share)}</span>
      <Bar share={share} level={level} />
    </span>
  );
}

/** The bar alone: where its number stands beside it. */
export function Bar({ share, level }: Pick<MeterProps, "share" | "level">) {
  return (
    <span class={`meter-bar level-${level}`} aria-hidden="true">
      <span style={{ "--share": Math.min(1, Math.max(0, share ?? 0)) }} />
    </span>
  );
}
