/** What a setting follows, where people do not change it through the API. */
import { Type } from "typebox";

export const ManagedBySchema = Type.Union([Type.String(), Type.Null()], {
  description:
    "The variable of the environment, or `belfry.yaml`, that it follows: change it there; null: here",
});
