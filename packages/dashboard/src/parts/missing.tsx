/** What is shown where there is nothing. */
import { Notice } from "./notice.tsx";
import { formatRoute, plainOverview } from "../route/route.ts";

/** Says what is not there, and leads back. */
export function Missing({ what }: { what: string }) {
  return (
    <Notice title={what}>
      <p>It may have been deleted, or the link is incomplete.</p>
      <a class="button" href={formatRoute(plainOverview)}>
        To the overview
      </a>
    </Notice>
  );
}
