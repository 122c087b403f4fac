/** Shows the short messages. */
import { Icon } from "../parts/icon.tsx";
import { useParts } from "./parts.ts";

/** A list that screen readers read out as it changes. */
export function ToastList() {
  const { toasts } = useParts();
  return (
    <div class="toasts" role="status">
      {toasts.shown.value.map((toast) => (
        <div key={toast.id} class={`toast toast-${toast.tone}`}>
          <span>{toast.text}</span>
          <button
            type="button"
            class="button-icon"
            aria-label="Dismiss"
            onClick={() => toasts.dismiss(toast.id)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
