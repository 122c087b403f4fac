/** Who was told of an incident, how that went, and what went over the wire. */
import { useFollowed } from "../../live/use-followed.ts";
import type { NoticeView } from "@belfry/contract";
import { describeFailure, isMissing } from "../../api/failure.ts";
import { NoticeList } from "../../parts/notice-list.tsx";
import { useParts } from "../../shell/parts.ts";

const atOnce = 100;
/** Deliveries change without an incident changing. */
const everyMs = 5000;

/** Draws the list. */
export function Notices({ incident }: { incident: string }) {
  const { client } = useParts();
  const notices = useFollowed(
    `notices ${incident}`,
    () => client.notices({ incident, limit: atOnce }),
    { everyMs },
  );
  const channels = useFollowed("channels", () => client.channels());
  const page = notices.value.value;
  const failure = notices.failure.value;
  if (page === null && (failure === null || isMissing(failure))) return null;
  const nameOf = ({ channel_id: id }: NoticeView): string =>
    channels.value.value?.items.find((channel) => channel.id === id)?.name ?? "a former channel";
  return (
    <section aria-labelledby="notices-title">
      <h2 id="notices-title">Notices</h2>
      {page === null && failure !== null && (
        <p class="quiet">They cannot be shown. {describeFailure(failure)}</p>
      )}
      {page?.items.length === 0 && <p class="quiet">Nobody was told.</p>}
      {page !== null && <NoticeList notices={page.items} whereOf={nameOf} />}
    </section>
  );
}
