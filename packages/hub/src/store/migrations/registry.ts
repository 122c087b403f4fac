/** Every migration, in order. */
import { migration0001 } from "./0001-monitors.ts";
import { migration0002 } from "./0002-series.ts";
import { migration0003 } from "./0003-hosts.ts";
import { migration0004 } from "./0004-jobs.ts";
import { migration0005 } from "./0005-job-expectations.ts";
import { migration0006 } from "./0006-alerting.ts";
import { migration0007 } from "./0007-alert-settings.ts";
import { migration0008 } from "./0008-rule-state.ts";
import { migration0009 } from "./0009-heartbeats.ts";
import { migration0010 } from "./0010-job-rings.ts";
import { migration0011 } from "./0011-certain-delivery.ts";
import { migration0012 } from "./0012-external-alerts.ts";
import { migration0013 } from "./0013-fleet.ts";
import { migration0014 } from "./0014-locations.ts";
import type { Migration } from "./migration.ts";

export const migrations: readonly Migration[] = [
  migration0001,
  migration0002,
  migration0003,
  migration0004,
  migration0005,
  migration0006,
  migration0007,
  migration0008,
  migration0009,
  migration0010,
  migration0011,
  migration0012,
  migration0013,
  migration0014,
];
