/** A comment on an incident, for whoever comes next. */
import { useSignal } from "@preact/signals";
import { useSubmit } from "../../form/use-submit.ts";
import type { IncidentActions } from "../../parts/incident-actions.ts";

/** Draws the field; it is empty again once the comment is there. */
export function CommentForm({ id, actions }: { id: string; actions: IncidentActions }) {
  const text = useSignal("");
  const { busy, submit } = useSubmit(async () => {
    const trimmed = text.value.trim();
    if (trimmed !== "" && (await actions.comment(id, trimmed))) text.value = "";
  });
  return (
    <form class="comment-form" onSubmit={submit}>
      <label for="comment">Comment</label>
      <textarea
        id="comment"
        rows={2}
        maxLength={4000}
        placeholder="What you found, what you did"
        value={text}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit" disabled={busy.value || text.value.trim() === ""}>
        {busy.value ? "Adding…" : "Add comment"}
      </button>
    </form>
  );
}
