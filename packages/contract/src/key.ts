/** Wire shapes of `/api/v1/keys` and `/api/v1/session`. */
import { Type, type Static } from "typebox";
import { IdSchema, NameSchema, TimeSchema } from "./monitor.ts";

/**
 * What a key may do: `read` < `write` < `admin` contain one another; `ingest` and `worker` stand alone. `worker` reads
 * what a worker elsewhere has to check, with its secrets.
 */
export const ScopeSchema = Type.Enum(["read", "write", "ingest", "worker", "admin"]);

/** Body of `POST /api/v1/keys`. */
export const KeyInputSchema = Type.Object(
  {
    name: NameSchema,
    scopes: Type.Array(ScopeSchema, { minItems: 1, maxItems: 5, uniqueItems: true }),
  },
  { additionalProperties: false },
);
export type KeyInput = Static<typeof KeyInputSchema>;

export const KeySchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  prefix: Type.String({ description: "The first characters of the key, to recognise it by" }),
  scopes: Type.Array(ScopeSchema),
  created_at: TimeSchema,
  last_used_at: Type.Union([TimeSchema, Type.Null()], {
    description: "Written with a delay of up to a minute",
  }),
  revoked_at: Type.Union([TimeSchema, Type.Null()]),
});
export type KeyView = Static<typeof KeySchema>;

/** Answer of `POST /api/v1/keys`: the only time the key itself can be read. */
export const NewKeySchema = Type.Object({
  ...KeySchema.properties,
  key: Type.String({
    description: "The key itself. It is shown this once and cannot be read again",
  }),
});
export type NewKeyView = Static<typeof NewKeySchema>;

/** Body of `POST /api/v1/session`. */
export const SessionInputSchema = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 200 }) },
  { additionalProperties: false },
);
export type SessionInput = Static<typeof SessionInputSchema>;

/** Who is asking: `GET /api/v1/session`. */
export const SessionSchema = Type.Object({
  kind: Type.Enum(["key", "session", "loopback"]),
  name: Type.String(),
  scopes: Type.Array(ScopeSchema),
  csrf_token: Type.Union([Type.String(), Type.Null()], {
    description: "For a session: send it as `X-CSRF-Token` with every change",
  }),
  expires_at: Type.Union([TimeSchema, Type.Null()]),
});
export type SessionView = Static<typeof SessionSchema>;
