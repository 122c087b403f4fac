/** The frame around every page: header, state of the connection, the page, help and messages. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { Later } from "../parts/later.tsx";
import { Missing } from "../parts/missing.tsx";
import { Overview } from "../pages/overview/overview.tsx";
import { SignIn } from "../pages/sign-in/sign-in.tsx";
import { plainIncidents } from "../route/alert-route.ts";
import { plainJobs, plainOutputs } from "../route/job-route.ts";
import {
  formatRoute,
  newMonitor,
  plainFleet,
  plainHosts,
  plainOverview,
  type View,
} from "../route/route.ts";
import { Banner } from "./banner.tsx";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { useParts } from "./parts.ts";
import { nextTheme } from "./theme.ts";
import { ToastList } from "./toast-list.tsx";
import { useKeys } from "./use-keys.ts";
import "./app.css";

/** The application. */
export function App() {
  const { router, access, theme } = useParts();
  const helpOpen = useSignal(false);
  const access_ = access.state.value;
  useKeys({
    "?": () => (helpOpen.value = true),
    n: () => router.go(newMonitor),
    o: () => router.go(plainOverview),
    h: () => router.go(plainHosts),
    r: () => router.go(plainJobs),
    i: () => router.go(plainIncidents),
    u: () => router.go(plainOutputs),
    f: () => router.go(plainFleet),
    t: () => theme.choose(nextTheme(theme.chosen.value)),
    "/": () => toSearch(),
  });
  useSignalEffect(() => {
    if (router.view.value.page !== "overview") document.title = "Belfry";
  });

  function toSearch(): void {
    const field = document.getElementById("search");
    if (field !== null) {
      field.focus();
      return;
    }
    router.go(plainOverview);
    requestAnimationFrame(() => document.getElementById("search")?.focus());
  }

  if (access_.kind === "out") return <SignIn />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header onHelp={() => (helpOpen.value = true)} />
      <Banner />
      <main id="main" tabIndex={-1}>
        {access_.kind === "in" && <PageOf view={router.view.value} />}
      </main>
      <Help open={helpOpen} />
      <ToastList />
    </>
  );
}

const loadMonitorPage = async () => (await import("../pages/monitor/monitor-page.tsx")).MonitorPage;
const loadHostsPage = async () => (await import("../pages/hosts/hosts-page.tsx")).HostsPage;
const loadHostPage = async () => (await import("../pages/host/host-page.tsx")).HostPage;
const loadJobsPage = async () => (await import("../pages/jobs/jobs-page.tsx")).JobsPage;
const loadFailures = async () => (await import("../pages/jobs/failures-page.tsx")).FailuresPage;
const loadJobPage = async () => (await import("../pages/job/job-page.tsx")).JobPage;
const loadRunPage = async () => (await import("../pages/run/run-page.tsx")).RunPage;
const loadOutputs = async () => (await import("../pages/outputs/outputs-page.tsx")).OutputsPage;
const loadFleet = async () => (await import("../pages/fleet/fleet-page.tsx")).FleetPage;
const loadIncidents = async () =>
  (await import("../pages/incidents/incidents-page.tsx")).IncidentsPage;
const loadIncident = async () => (await import("../pages/incident/incident-page.tsx")).IncidentPage;
const loadSilences = async () => (await import("../pages/silences/silences-page.tsx")).SilencesPage;
const loadChannels = async () => (await import("../pages/channels/channels-page.tsx")).ChannelsPage;
const loadWouldTell = async () =>
  (await import("../pages/would-tell/would-tell-page.tsx")).WouldTellPage;
const loadRules = async () => (await import("../pages/rules/rules-page.tsx")).RulesPage;
const loadRule = async () => (await import("../pages/rule/rule-page.tsx")).RulePage;
const loadRoutes = async () => (await import("../pages/routes/routes-page.tsx")).RoutesPage;
const loadForm = async () => (await import("../pages/monitor-form/monitor-form.tsx")).MonitorForm;

function PageOf({ view }: { view: View }) {
  switch (view.page) {
    case "overview":
      return <Overview />;
    case "monitor":
      return <Later key={view.id} load={loadMonitorPage} give={{ id: view.id }} />;
    case "hosts":
      return <Later load={loadHostsPage} give={{}} />;
    case "host":
      return <Later key={view.id} load={loadHostPage} give={{ id: view.id }} />;
    case "jobs":
      return <Later load={loadJobsPage} give={{}} />;
    case "failures":
      return <Later load={loadFailures} give={{}} />;
    case "job":
      return <Later key={view.id} load={loadJobPage} give={{ id: view.id }} />;
    case "run":
      return <Later key={view.id} load={loadRunPage} give={{ id: view.id }} />;
    case "outputs":
      return <Later load={loadOutputs} give={{ name: view.name }} />;
    case "fleet":
      return <Later load={loadFleet} give={{}} />;
    case "incidents":
      return <Later load={loadIncidents} give={{}} />;
    case "incident":
      return <Later key={view.id} load={loadIncident} give={{ id: view.id }} />;
    case "silences":
      return <Later load={loadSilences} give={{ month: view.month }} />;
    case "rules":
      return <Later load={loadRules} give={{}} />;
    case "rule": {
      const { page: _page, ...give } = view;
      return <Later key={formatRoute(view)} load={loadRule} give={give} />;
    }
    case "routes":
      return <Later load={loadRoutes} give={{}} />;
    case "channels":
      return <Later load={loadChannels} give={{ id: view.id }} />;
    case "form":
      return (
        <Later
          key={`${view.id} ${view.copyOf}`}
          load={loadForm}
          give={{ id: view.id, copyOf: view.copyOf }}
        />
      );
    case "would-tell":
      return <Later load={loadWouldTell} give={{}} />;
    case "missing":
      return <Missing what="There is no such page." />;
  }
}
