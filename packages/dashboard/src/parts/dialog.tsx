/** A modal dialog: the browser's own, so that focus, Escape and the backdrop behave as everywhere. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";
import "./dialog.css";

interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Shows its children above the page while `open`. */
export function Dialog({ title, open, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null || dialog.open === open) return;
    if (open) dialog.showModal();
    else dialog.close();
  }, [open]);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        // The dialog itself is hit only outside of its content: on the backdrop.
        if (event.target === element.current) element.current?.close();
      }}
    >
      {open && (
        <div class="dialog-content">
          <header>
            <h2 id={id}>{title}</h2>
            <button
              type="button"
              class="button-icon"
              aria-label="Close"
              onClick={() => element.current?.close()}
            >
              <Icon name="close" />
            </button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}
