/** Says that what is shown may be old: since when, when it is tried again, and a way to try now. */
import { formatAgo, formatClock, formatInstant } from "../format/time.ts";
import { useParts } from "./parts.ts";

/** Short breaks (a restart, a sleeping laptop) are not worth a banner. */
const quietMs = 1500;

/** Shown only while the stream is lost. */
export function Banner() {
  const { live, now } = useParts();
  const state = live.state.value;
  if (state.kind !== "lost" || now.value - state.since < quietMs) return null;
  const heard = live.heardAt.value;
  const waits = state.retryAt > now.value;
  return (
    <section class="banner" aria-label="Connection">
      {/* Read out once; the countdown beside it is not. */}
      <p role="alert">
        <strong>Belfry cannot be reached.</strong>{" "}
        {heard === 0 ? (
          "Nothing is shown live."
        ) : (
          <>
            What you see is as of <time title={formatInstant(heard)}>{formatClock(heard)}</time>.
          </>
        )}
      </p>
      <span class="banner-next">
        {waits
          ? `Trying again ${formatAgo(state.retryAt, now.value).replace("now", "shortly")}.`
          : "Trying again…"}
      </span>
      <button type="button" onClick={() => live.retry()}>
        Try now
      </button>
    </section>
  );
}
