/** A page about one monitor or host: it as soon as it is known, or why it is not there. */
import { useSignalEffect } from "@preact/signals";
import type { Status } from "@belfry/contract/status";
import type { ComponentChildren } from "preact";
import type { Subject } from "../live/subject.ts";
import { CannotShow } from "./cannot-show.tsx";
import { Missing } from "./missing.tsx";
import { titleOf } from "./status-words.ts";

interface SubjectPageProps<View> {
  readonly noun: "monitor" | "host";
  readonly subject: Subject<View>;
  readonly draw: (view: View) => ComponentChildren;
}

/** Draws what is known; the title of the window says how it is. */
export function SubjectPage<View extends { readonly name: string; readonly status: Status }>({
  noun,
  subject,
  draw,
}: SubjectPageProps<View>) {
  useSignalEffect(() => {
    const view = subject.view.value;
    if (view !== null) document.title = `${titleOf(view.status)}: ${view.name} – Belfry`;
  });
  const view = subject.view.value;
  const failure = subject.failure.value;
  if (failure === "missing") return <Missing what={`There is no such ${noun}.`} />;
  if (view !== null) return <>{draw(view)}</>;
  if (failure === null) return <p class="visually-hidden">Loading…</p>;
  return <CannotShow what={`This ${noun}`} failure={failure} onRetry={() => subject.refresh()} />;
}
