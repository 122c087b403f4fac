/** A text that is to be copied somewhere else, with a button that does it. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";
import "./copy-text.css";

interface CopyProps {
  readonly text: string;
  /** What is copied: `the command`. */
  readonly what: string;
}

const staysMs = 2000;

/** Draws the text and the button. Where the browser forbids copying, the text is selected instead. */
export function CopyText({ text, what }: CopyProps) {
  const place = useRef<HTMLPreElement>(null);
  const said = useSignal("");
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      said.value = "Copied";
    } catch {
      const element = place.current;
      if (element !== null) getSelection()?.selectAllChildren(element);
      said.value = "Selected";
    }
    setTimeout(() => (said.value = ""), staysMs);
  }
  return (
    <div class="copy-text">
      <pre ref={place} tabIndex={0}>
        {text}
      </pre>
      <button
        type="button"
        aria-label={`${said.value === "" ? "Copy" : said.value} ${what}`}
        onClick={() => void copy()}
      >
        <Icon name={said.value === "" ? "copy" : "check"} />
        <span aria-hidden="true">{said.value === "" ? "Copy" : said.value}</span>
      </button>
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </div>
  );
}
