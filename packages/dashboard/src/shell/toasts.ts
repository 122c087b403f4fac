/** Short messages that need no answer and leave by themselves. */
import { signal, type ReadonlySignal } from "@preact/signals";

export interface Toast {
  readonly id: number;
  readonly tone: "plain" | "bad";
  readonly text: string;
}

export interface Toasts {
  readonly shown: ReadonlySignal<readonly Toast[]>;
  say(text: string, tone?: Toast["tone"]): void;
  dismiss(id: number): void;
}

const staysMs = 6000;

/** Makes the list of messages. */
export function createToasts(): Toasts {
  const shown = signal<readonly Toast[]>([]);
  let last = 0;
  const dismiss = (id: number): void => {
    shown.value = shown.value.filter((toast) => toast.id !== id);
  };
  return {
    shown,
    dismiss,
    say(text, tone = "plain") {
      last += 1;
      const id = last;
      shown.value = [...shown.value.slice(-2), { id, tone, text }];
      setTimeout(() => dismiss(id), staysMs);
    },
  };
}
