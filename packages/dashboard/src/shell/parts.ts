/** What every page is given: made once in `main.tsx`, handed down by context. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ReadonlySignal } from "@preact/signals";
import type { Client } from "../api/client.ts";
import type { Live } from "../live/stream.ts";
import type { Router } from "../route/router.ts";
import type { Access } from "./access.ts";
import type { ThemeChoice } from "./theme.ts";
import type { Toasts } from "./toasts.ts";

export interface Parts {
  readonly client: Client;
  readonly live: Live;
  readonly router: Router;
  readonly access: Access;
  readonly theme: ThemeChoice;
  readonly toasts: Toasts;
  /** Epoch ms, to the second; stands still while nobody looks. */
  readonly now: ReadonlySignal<number>;
}

/** Carries the parts; empty outside of the application. */
export const PartsContext = createContext<Parts | undefined>(undefined);

/** The parts. Throws outside of the application. */
export function useParts(): Parts {
  const parts = useContext(PartsContext);
  if (parts === undefined) throw new Error("no parts around this component");
  return parts;
}
