/** Pieces the schemas of settings are made of. */
import { Type, type TSchema } from "typebox";

/** An address or a network, for instance 10.0.0.0/8. */
const NetworkSchema = Type.String({
  pattern: "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$",
  expected: "an address or a network like 10.0.0.0/8",
});

/** A list of networks; empty unless set. */
export function networks(options: object) {
  return Type.Array(NetworkSchema, { default: [], maxItems: 1000, ...options });
}

/** A branch: keys below a key. */
export function branch<P extends Record<string, TSchema>>(description: string, properties: P) {
  return Type.Object(properties, { additionalProperties: false, default: {}, description });
}
