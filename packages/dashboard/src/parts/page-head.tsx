/** The top of a page about one monitor, host, job, run, incident, channel or rule: the way back, its name, what can be done, and what it is. */
import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";
import "./page-head.css";

interface PageHeadProps {
  readonly noun: "monitor" | "host" | "job" | "run" | "incident" | "channel" | "rule";
  /** The list it is from. */
  readonly list: { readonly title: string; readonly href: string };
  readonly name: string;
  /** Buttons; false: changes are not for whoever looks. */
  readonly actions: ComponentChildren;
  /** What stands below the name. */
  readonly children: ComponentChildren;
}

/** Draws the top. */
export function PageHead({ noun, list, name, actions, children }: PageHeadProps) {
  return (
    <header class={`page-head ${noun}-head`}>
      <p class="page-crumb">
        <a href={list.href}>
          <Icon name="back" />
          {list.title}
        </a>
      </p>
      <div class="page-title">
        <h1>{name}</h1>
        {actions !== false && <div class="page-actions">{actions}</div>}
      </div>
      {children}
    </header>
  );
}

interface LabelLinksProps {
  readonly labels: Readonly<Record<string, string>>;
  readonly hrefOf: (label: string) => string;
}

/** All its labels, each leading to the list of what has it too. */
export function LabelLinks({ labels, hrefOf }: LabelLinksProps) {
  return (
    <>
      {Object.entries(labels)
        .map(([name, value]) => `${name}:${value}`)
        .map((label) => (
          <a key={label} class="chip" href={hrefOf(label)}>
            {label}
          </a>
        ))}
    </>
  );
}

/** Pauses what is enabled, resumes what is paused. */
export function PauseButton({ enabled, onToggle }: { enabled: boolean; onToggle: () => void }) {
  return (
    <button type="button" aria-keyshortcuts="p" onClick={onToggle}>
      <Icon name={enabled ? "pause" : "resume"} />
      {enabled ? "Pause" : "Resume"}
    </button>
  );
}

/** The bin, last of the buttons. */
export function DeleteButton({ onDelete }: { onDelete: () => void }) {
  return (
    <button type="button" class="button-icon" aria-label="Delete" title="Delete" onClick={onDelete}>
      <Icon name="remove" />
    </button>
  );
}
