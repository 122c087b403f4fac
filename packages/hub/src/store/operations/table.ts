/** Every operation of the store, by name: what a thread can be asked for. All types of the calls come from here. */
import { createKey, createSession, deleteSession, keys, rememberAnswer } from "./access.ts";
import { claimAnswer, releaseAnswer, rememberedAnswer } from "./access.ts";
import { revokeKey, session, touchKeys } from "./access.ts";
import { alertingState, alertingSteps, commitAlerting } from "./alerting.ts";
import { incident, incidentComments } from "./alerting.ts";
import { incidents, openIncidents, pendingTransitions } from "./alerting.ts";
import { alertPolicy, alertSetting, alertSettingChanges, alertSettings } from "./alert-settings.ts";
import { createAlertSetting, deleteAlertSetting, updateAlertSetting } from "./alert-settings.ts";
import { auditEntries, writeAudit } from "./audit.ts";
import { commit, failedChecks } from "./checks.ts";
import { endExternalAlerts, externalAlerts, takeExternalAlerts } from "./external-alerts.ts";
import { excuseHeartbeats, heartbeats, pings, takePings } from "./heartbeats.ts";
import { joinFleet, leaveFleet, members, releaseShares, renewLease } from "./fleet.ts";
import { endKnown, heardSince, hint, noteHeard } from "./fleet-shown.ts";
import { requestChecks, shownOf, shownSince, takeRequests } from "./fleet-shown.ts";
import { callsOf, calledSince, noteListening, provisionHeartbeat } from "./heartbeat-calls.ts";
import { createHost, hostDetails, hostDetailTimes } from "./hosts.ts";
import { loadHosts, saveHostDetails, saveHosts, touchHosts } from "./hosts.ts";
import { closeGap, statusIntervals, statusIntervalsOf } from "./intervals.ts";
import { changeJob, deleteJob, dropJobRuns } from "./jobs-change.ts";
import { dropOldRuns } from "./jobs-drop.ts";
import { jobsGoneLate, jobTotals, lookAtJobs, loseSilentRuns } from "./jobs-watch.ts";
import { job, jobs, run, runEvents, runs, runsInTree, subruns } from "./jobs.ts";
import { locationIntervals } from "./location-history.ts";
import { commitLocations, locationWork, monitorsWithOutcomes, takeOutcomes } from "./locations.ts";
import { createMonitor, deleteMonitor, loadMonitors, monitorsOf } from "./monitors.ts";
import { monitorVersions, readAlive, touchAlive, updateMonitor } from "./monitors.ts";
import { channelTotals, deliveries, dueNotices, notice, noticeGroups } from "./notices.ts";
import { notices, recentNotices, releaseNotices, secret, settleNotice } from "./notices.ts";
import {
  lease,
  read,
  snapshot,
  upkeep,
  write,
  type Operation,
  type OperationContext,
} from "./operation.ts";
import { remoteWorkers, saveWorker, touchWorker } from "./remote-workers.ts";
import {
  append,
  buckets,
  bucketsOf,
  bucketsOfNames,
  countSamples,
  deleteSamplesOfShard,
  deleteSource,
  latestOf,
  listSeries,
  maintainSeries,
  raw,
  rawOf,
  seriesStats,
  setRetention,
} from "./series.ts";
import { countRequests } from "./request-counts.ts";
import { commitRules, ruleStates, ruleSteps } from "./rule-state.ts";
import { seriesTail, tailSources } from "./series-tail.ts";
import { keepSeriesList, seriesList } from "./series-lists.ts";
import { pendingSignals, putSignals } from "./signals.ts";
import { eventsStoredSince, jobEdits, runsChangedSince } from "./run-changes.ts";
import { takeEvents } from "./take-events.ts";
import { dropOld } from "./upkeep.ts";

export const operations = {
  loadMonitors: read(loadMonitors),
  createMonitor: write(createMonitor),
  updateMonitor: write(updateMonitor),
  deleteMonitor: write(deleteMonitor),
  commit: write(commit),
  closeGap: write(closeGap),
  touchAlive: write(touchAlive),
  readAlive: read(readAlive),
  statusIntervals: read(statusIntervals),
  statusIntervalsOf: read(statusIntervalsOf),
  failedChecks: read(failedChecks),
  takeOutcomes: write(takeOutcomes),
  monitorsWithOutcomes: read(monitorsWithOutcomes),
  locationWork: snapshot(locationWork),
  commitLocations: write(commitLocations),
  locationIntervals: read(locationIntervals),
  saveWorker: write(saveWorker),
  touchWorker: write(touchWorker),
  remoteWorkers: read(remoteWorkers),
  loadHosts: snapshot(loadHosts),
  createHost: write(createHost),
  saveHosts: write(saveHosts),
  touchHosts: write(touchHosts),
  saveHostDetails: write(saveHostDetails),
  hostDetails: read(hostDetails),
  hostDetailTimes: read(hostDetailTimes),
  keepSeriesList: write(keepSeriesList),
  seriesList: read(seriesList),
  takePings: write(takePings),
  excuseHeartbeats: write(excuseHeartbeats),
  heartbeats: read(heartbeats),
  pings: read(pings),
  noteListening: write(noteListening),
  calledSince: read(calledSince),
  callsOf: snapshot(callsOf),
  provisionHeartbeat: write(provisionHeartbeat),
  runsChangedSince: read(runsChangedSince),
  eventsStoredSince: read(eventsStoredSince),
  jobEdits: read(jobEdits),
  takeEvents: write(takeEvents),
  jobs: snapshot(jobs),
  job: snapshot(job),
  runs: read(runs),
  run: read(run),
  subruns: snapshot(subruns),
  runEvents: read(runEvents),
  dropOldRuns: upkeep(dropOldRuns),
  runsInTree: snapshot(runsInTree),
  changeJob: write(changeJob),
  deleteJob: write(deleteJob),
  dropJobRuns: upkeep(dropJobRuns),
  loseSilentRuns: write(loseSilentRuns),
  lookAtJobs: write(lookAtJobs),
  jobsGoneLate: read(jobsGoneLate),
  jobTotals: snapshot(jobTotals),
  pendingTransitions: read(pendingTransitions),
  commitAlerting: write(commitAlerting),
  alertingState: snapshot(alertingState),
  openIncidents: read(openIncidents),
  incident: read(incident),
  incidents: read(incidents),
  incidentComments: read(incidentComments),
  pendingSignals: read(pendingSignals),
  putSignals: write(putSignals),
  takeExternalAlerts: write(takeExternalAlerts),
  endExternalAlerts: write(endExternalAlerts),
  externalAlerts: read(externalAlerts),
  ruleStates: read(ruleStates),
  ruleSteps: read(ruleSteps),
  commitRules: write(commitRules),
  noticeGroups: read(noticeGroups),
  recentNotices: read(recentNotices),
  dueNotices: write(dueNotices),
  releaseNotices: write(releaseNotices),
  settleNotice: write(settleNotice),
  notices: read(notices),
  notice: read(notice),
  deliveries: read(deliveries),
  channelTotals: read(channelTotals),
  secret: write(secret),
  alertSettings: read(alertSettings),
  alertSetting: read(alertSetting),
  createAlertSetting: write(createAlertSetting),
  updateAlertSetting: write(updateAlertSetting),
  deleteAlertSetting: write(deleteAlertSetting),
  alertSettingChanges: read(alertSettingChanges),
  alertPolicy: snapshot(alertPolicy),
  createKey: write(createKey),
  keys: read(keys),
  revokeKey: write(revokeKey),
  touchKeys: write(touchKeys),
  createSession: write(createSession),
  session: read(session),
  deleteSession: write(deleteSession),
  addAuditEntry: write(writeAudit),
  auditEntries: read(auditEntries),
  rememberAnswer: write(rememberAnswer),
  rememberedAnswer: read(rememberedAnswer),
  dropOld: upkeep(dropOld),
  append: write(append),
  listSeries: snapshot(listSeries),
  raw: snapshot(raw),
  buckets: snapshot(buckets),
  bucketsOf: snapshot(bucketsOf),
  rawOf: snapshot(rawOf),
  deleteSource: write(deleteSource),
  deleteSamplesOfShard: write(deleteSamplesOfShard),
  countSamples: snapshot(countSamples),
  bucketsOfNames: snapshot(bucketsOfNames),
  latestOf: snapshot(latestOf),
  setRetention: write(setRetention),
  maintainSeries: upkeep(maintainSeries),
  seriesStats: snapshot(seriesStats),
  joinFleet: lease(joinFleet),
  renewLease: lease(renewLease),
  releaseShares: lease(releaseShares),
  leaveFleet: lease(leaveFleet),
  members: read(members),
  monitorVersions: read(monitorVersions),
  monitorsOf: read(monitorsOf),
  shownSince: read(shownSince),
  shownOf: read(shownOf),
  endKnown: write(endKnown),
  requestChecks: write(requestChecks),
  takeRequests: write(takeRequests),
  noteHeard: write(noteHeard),
  heardSince: read(heardSince),
  hint: read(hint),
  seriesTail: snapshot(seriesTail),
  tailSources: snapshot(tailSources),
  countRequests: write(countRequests),
  claimAnswer: write(claimAnswer),
  releaseAnswer: write(releaseAnswer),
  alertingSteps: read(alertingSteps),
} as const;

type Table = typeof operations;
export type OperationName = keyof Table;

/** Arguments of an operation, without its context. */
export type Arguments<N extends OperationName> =
  Table[N] extends Operation<infer A extends readonly unknown[], unknown> ? A : never;

/** What an operation resolves to. */
export type Result<N extends OperationName> = Awaited<ReturnType<Table[N]["run"]>>;

/**
 * Runs an operation by its name. Guarantee: the arguments come from `call`, whose types are this table's, so they fit
 * the operation of that name.
 */
export function runOperation(
  name: OperationName,
  context: OperationContext,
  args: readonly unknown[],
): Promise<unknown> {
  const operation = operations[name] as Operation<readonly unknown[], unknown>;
  return operation.run(context, ...args);
}
