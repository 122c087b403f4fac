/** The body of every error of the native API: a problem document (RFC 9457), `application/problem+json`. */
import { Type, type Static } from "typebox";
import { errorTable } from "./error-code.ts";

export const ProblemDocumentSchema = Type.Object(
  {
    type: Type.String({ description: "`urn:belfry:error:<code>`" }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Enum(Object.keys(errorTable), { description: "A key of the error table" }),
    detail: Type.Optional(Type.String({ description: "What happened this time" })),
    advice: Type.Optional(Type.String({ description: "What to do about it" })),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: "Dotted: `settings.port`, `depends_on[1]`" }),
          message: Type.String(),
        }),
        { description: "Everything that is wrong with the request" },
      ),
    ),
    instance: Type.Optional(
      Type.String({ description: "`urn:uuid:…`: the id under which the log has the cause" }),
    ),
  },
  { additionalProperties: false },
);
export type ProblemDocument = Static<typeof ProblemDocumentSchema>;
