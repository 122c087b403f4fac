/** How often somebody did something within a span of time that ends at `endsAt`, epoch ms. */
export interface RequestCount {
  /** Whose requests: what they are, then who: `requests key:…`. */
  readonly subject: string;
  readonly endsAt: number;
  readonly count: number;
}
