/** What every route below `/api/v2` may answer when it cannot serve. */
import { Type } from "typebox";
import type { Answer } from "../route.ts";

const sentence = (description: string): Answer => ({ description, schema: Type.String() });

export const alertmanagerErrors = {
  400: sentence("The body or a filter cannot be read"),
  401: sentence("No valid key"),
  403: sentence("The key may not do that"),
  404: sentence("There is nothing with this id"),
  409: sentence("It was changed or there are too many"),
  412: sentence("It was changed meanwhile"),
  413: sentence("The body is too large"),
  415: sentence("The body is not JSON"),
  422: sentence("The body does not fit"),
  429: sentence("Too many requests"),
  500: sentence("A fault of Belfry"),
  503: sentence("The store cannot take it now"),
} as const;
