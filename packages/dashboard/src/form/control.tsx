/** What all controls share: their ids, what is wrong with them, and how a stored secret is shown. */
import { useForm } from "./form-state.ts";
import { dotted, type Path } from "./path.ts";
import { mask } from "./secret.ts";

/** The id of a control, made of its place. */
export function inputId(path: Path): string {
  return `field-${dotted(path)}`;
}

/** What is wrong exactly here; empty when nothing is. */
export function useProblem(path: Path): string {
  const at = dotted(path);
  return useForm()
    .problems.value.filter((problem) => problem.path === at)
    .map((problem) => problem.message)
    .join("; ");
}

/** Properties every control has. */
export function controlProps(path: Path, problem: string) {
  return {
    id: inputId(path),
    "aria-describedby": `${inputId(path)}-help ${inputId(path)}-problem`,
    "aria-invalid": problem !== "",
  } as const;
}

interface KeptProps {
  readonly path: Path;
  /** Whether it has to be there: otherwise it can be removed. */
  readonly required?: boolean;
  /** What it is replaced by to begin with; an empty text. */
  readonly blank?: unknown;
  /** In place of both: its name may change with it. */
  readonly onReplace?: () => void;
}

/** A secret that is stored: it can be replaced or removed, not seen. */
export function KeptSecret({ path, required = true, blank = "", onReplace }: KeptProps) {
  const form = useForm();
  if (form.get(path) === null) {
    return (
      <div class="kept-secret">
        <span>Removed when this is saved</span>
        <button type="button" onClick={() => form.set(path, mask)}>
          Keep it
        </button>
      </div>
    );
  }
  const replace = (): void => {
    if (onReplace === undefined) form.set(path, blank);
    else onReplace();
    requestAnimationFrame(() => document.getElementById(inputId(path))?.focus());
  };
  return (
    <div class="kept-secret">
      <span>Stored, never shown</span>
      <button type="button" onClick={replace}>
        Replace
      </button>
      {!required && (
        <button type="button" onClick={() => form.set(path, null)}>
          Remove
        </button>
      )}
    </div>
  );
}
