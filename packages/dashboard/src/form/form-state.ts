/** A draft being edited, and what the hub had against it. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { FieldProblem } from "../api/failure.ts";
import { dotted, valueAt, withValueAt, type Path } from "./path.ts";

export interface FormState {
  readonly draft: ReadonlySignal<unknown>;
  readonly isChanged: ReadonlySignal<boolean>;
  /** By dotted path. */
  readonly problems: ReadonlySignal<readonly FieldProblem[]>;
  /** Dotted paths of secrets, as seen from the draft: `settings.auth.password`. */
  readonly secrets: ReadonlySignal<readonly string[]>;
  get(path: Path): unknown;
  /** Changes one place; problems there and below are taken back. */
  set(path: Path, value: unknown): void;
  /** Begins anew with a draft. */
  reset(draft: unknown, secrets: readonly string[]): void;
  report(problems: readonly FieldProblem[]): void;
}

/** Makes the state of a form. */
export function createFormState(): FormState {
  const draft = signal<unknown>({});
  const isChanged = signal(false);
  const problems = signal<readonly FieldProblem[]>([]);
  const secrets = signal<readonly string[]>([]);
  return {
    draft,
    isChanged,
    problems,
    secrets,
    get: (path) => valueAt(draft.value, path),
    set(path, value) {
      draft.value = withValueAt(draft.value, path, value);
      isChanged.value = true;
      const at = dotted(path);
      if (problems.value.some((problem) => isWithin(problem.path, at))) {
        problems.value = problems.value.filter((problem) => !isWithin(problem.path, at));
      }
    },
    reset(fresh, secretPaths) {
      draft.value = fresh;
      secrets.value = secretPaths;
      problems.value = [];
      isChanged.value = false;
    },
    report(found) {
      problems.value = found;
    },
  };
}

/** Whether a dotted path is `at` or lies below it. */
export function isWithin(path: string, at: string): boolean {
  return path === at || path.startsWith(`${at}.`) || path.startsWith(`${at}[`);
}

/** Carries the state to the fields. */
export const FormContext = createContext<FormState | undefined>(undefined);

/** The state of the form around a field. Throws outside of one. */
export function useForm(): FormState {
  const form = useContext(FormContext);
  if (form === undefined) throw new Error("no form around this field");
  return form;
}
