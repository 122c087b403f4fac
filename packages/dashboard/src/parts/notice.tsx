/** A boxed statement in place of what cannot be shown. */
import type { ComponentChildren } from "preact";
import "./notice.css";

interface NoticeProps {
  readonly title: string;
  readonly tone?: "plain" | "bad";
  /** 1 where it stands for a whole page. */
  readonly level?: 1 | 2;
  readonly children?: ComponentChildren;
}

/** Says what is the matter, and what can be done about it. */
export function Notice({ title, tone = "plain", level = 1, children }: NoticeProps) {
  return (
    <section class={`notice notice-${tone}`} role={tone === "bad" ? "alert" : undefined}>
      {level === 1 ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </section>
  );
}
