/** A boxed statement in place of what cannot be shown. */
import type { ComponentChildren } from "preact";
import "./notice.css";

interface NoticeProps {
  readonly title: string;
  readonly tone?: "plain" | "bad";
  readonly children?: ComponentChildren;
}

/** Says what is the matter, and what can be done about it. */
export function Notice({ title, tone = "plain", children }: NoticeProps) {
  return (
    <section class={`notice notice-${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
