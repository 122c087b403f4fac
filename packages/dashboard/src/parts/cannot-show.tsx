/** In place of what could not be fetched: why, and a way to try again. */
import { describeFailure, type Failure } from "../api/failure.ts";
import { Notice } from "./notice.tsx";

interface CannotShowProps {
  /** What should stand here, as a sentence begins with it. */
  readonly what: string;
  readonly failure: Failure;
  readonly onRetry: () => void;
}

/** Says what the failure was. */
export function CannotShow({ what, failure, onRetry }: CannotShowProps) {
  return (
    <Notice title={`${what} cannot be shown`} tone="bad">
      <p>{describeFailure(failure)}</p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </Notice>
  );
}
