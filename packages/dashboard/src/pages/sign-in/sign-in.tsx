/** Asks for a key. The key is traded for a session and kept nowhere; the address stays, so the page that was asked for opens after. */
import { useSignal } from "@preact/signals";
import { describeFailure, isUnauthenticated } from "../../api/failure.ts";
import { Brand } from "../../parts/brand.tsx";
import { useParts } from "../../shell/parts.ts";
import "./sign-in.css";

/** Shown in place of every page while the hub asks for a key. */
export function SignIn() {
  const { access } = useParts();
  const key = useSignal("");
  const problem = useSignal("");
  const busy = useSignal(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    busy.value = true;
    const failure = await access.signIn(key.value.trim());
    busy.value = false;
    if (failure === undefined) return;
    problem.value = isUnauthenticated(failure)
      ? "This key is not known here, or it was revoked."
      : describeFailure(failure);
  }

  return (
    <main class="sign-in">
      <Brand ringing={false} />
      <h1>Belfry</h1>
      <form onSubmit={(event) => void submit(event)}>
        {/* Password managers file the key under a name. */}
        <input
          class="visually-hidden"
          autocomplete="username"
          value="belfry"
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <label for="key">Key</label>
        <input
          id="key"
          type="password"
          autocomplete="current-password"
          autofocus
          required
          maxLength={200}
          value={key}
          aria-invalid={problem.value !== ""}
          aria-describedby="key-help key-problem"
          onInput={(event) => (key.value = event.currentTarget.value)}
        />
        <p id="key-problem" class="sign-in-problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="button-main" disabled={busy.value}>
          {busy.value ? "Signing in…" : "Sign in"}
        </button>
        <p id="key-help" class="quiet">
          <code>belfry key create</code> on the machine that runs Belfry prints one. The first start
          wrote an admin key to a file in the data folder.
        </p>
      </form>
    </main>
  );
}
