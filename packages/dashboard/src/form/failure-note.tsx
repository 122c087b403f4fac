/** What a form that was not saved says: at its fields, and below them what no field shows. */
import { describeFailure, type Failure } from "../api/failure.ts";
import "./failure-note.css";
import type { FormState } from "./form-state.ts";

/** Puts problems at their fields and leads to the first of them; `within` selects what holds the fields. */
export function showProblems(form: FormState, failure: Failure, within: string): void {
  form.report(failure.kind === "problem" ? failure.problems : []);
  requestAnimationFrame(() => {
    const first = document.querySelector<HTMLElement>(
      `${within} [aria-invalid=true], ${within} .field-problem`,
    );
    first?.closest("details:not([open])")?.setAttribute("open", "");
    first?.scrollIntoView({ block: "center" });
    first?.focus({ preventScroll: true });
  });
}

interface FailureNoteProps {
  readonly failure: Failure | null;
  readonly form: FormState;
  /** `monitor` */
  readonly noun: string;
  /** Reads anew what somebody else changed meanwhile. */
  readonly onReload: () => void;
}

/** What is wrong with the whole, and problems that no field shows. */
export function FailureNote({ failure, form, noun, onReload }: FailureNoteProps) {
  if (failure === null) return null;
  const isStale = failure.kind === "problem" && failure.code === "version_mismatch";
  const problems = form.problems.value;
  if (failure.kind === "problem" && failure.problems.length > 0 && problems.length === 0)
    return null;
  return (
    <div class="form-failure" role="alert">
      <p>
        <strong>Not saved.</strong>{" "}
        {isStale ? `Somebody else has changed this ${noun} meanwhile.` : describeFailure(failure)}
      </p>
      {isStale && (
        <button type="button" onClick={onReload}>
          Read it again
        </button>
      )}
      {problems.length > 0 && (
        <ul>
          {problems.map(({ path, message }) => (
            <li key={path}>
              <code>{path === "" ? noun : path}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
