/** The addresses that names had when a check last looked them up: what else lies where something fails. */
import type { Resolver } from "./resolver.ts";

/** Names beyond these are forgotten, those first that were not looked up for the longest time. */
const mostNames = 20_000;

export class KnownNames {
  readonly #names = new Map<string, Map<4 | 6, readonly string[]>>();

  /** IPv4 addresses first; none: nobody asked, or there are none. */
  addressesOf(name: string): readonly string[] {
    const known = this.#names.get(name.toLowerCase());
    return [...(known?.get(4) ?? []), ...(known?.get(6) ?? [])];
  }

  /** Keeps what a look-up found. */
  put(name: string, family: 4 | 6, addresses: readonly string[]): void {
    const key = name.toLowerCase();
    const known = this.#names.get(key) ?? new Map<4 | 6, readonly string[]>();
    this.#names.delete(key);
    this.#names.set(key, known.set(family, addresses));
    if (this.#names.size <= mostNames) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      break;
    }
  }
}

/** A resolver that keeps what it finds. A look-up that fails changes nothing: what was true lately is likely still. */
export function rememberNames(resolver: Resolver, names: KnownNames): Resolver {
  return {
    async resolve(name, family, deadline) {
      const found = await resolver.resolve(name, family, deadline);
      if (found.kind === "ok") names.put(name, family, found.value);
      return found;
    },
  };
}
