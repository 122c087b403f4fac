/** What an incident is about, as a link to its page where it has one. */
import type { IncidentView } from "@belfry/contract";
import { jobPage } from "../route/job-route.ts";
import { formatRoute, hostPage, monitorPage } from "../route/route.ts";

type Subject = Pick<IncidentView["subjects"][number], "kind" | "id" | "name">;

/** Belfry's own parts and others' alerts have no page. */
export function SubjectLink({ subject }: { subject: Subject }) {
  const href = hrefOf(subject);
  return href === null ? <span>{subject.name}</span> : <a href={href}>{subject.name}</a>;
}

function hrefOf({ kind, id }: Subject): string | null {
  switch (kind) {
    case "monitor":
      return formatRoute(monitorPage(id));
    case "host":
      return formatRoute(hostPage(id));
    case "job":
      return formatRoute(jobPage(id));
    case "belfry":
    case "external":
      return null;
  }
}
