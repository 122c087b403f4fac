/** Ready-made ways to call a heartbeat, each for one place a job may run in. */

export interface Snippet {
  readonly name: string;
  /** Where it goes. */
  readonly where: string;
  readonly text: string;
}

/** The snippets for an address. `cron`: the schedule for the line of a crontab. */
export function snippetsOf(url: string, cron: string): readonly Snippet[] {
  return [
    {
      name: "curl",
      where: "Called when all went well. Retries, and gives up soon: a job must not hang on it.",
      text: `curl -fsS -m 10 --retry 5 -o /dev/null ${url}`,
    },
    {
      name: "Shell",
      where:
        "Tells when it starts, how it ends (any exit code but 0 is a failure), and what it said.",
      text: [
        `curl -fsS -m 10 --retry 5 -o /dev/null ${url}/start`,
        `output=$(/usr/local/bin/job 2>&1); code=$?`,
        `printf '%s' "$output" | tail -c 10000 |`,
        `  curl -fsS -m 10 --retry 5 -o /dev/null --data-binary @- "${url}/$code"`,
      ].join("\n"),
    },
    {
      name: "Cron",
      where: "A line of a crontab.",
      text: `${cron} /usr/local/bin/job; curl -fsS -m 10 --retry 5 -o /dev/null ${url}/$?`,
    },
    {
      name: "systemd",
      where: "In the unit of the job: it is called however the job ends.",
      text: [
        "[Service]",
        "Type=oneshot",
        `ExecStartPre=-/usr/bin/curl -fsS -m 10 --retry 5 -o /dev/null ${url}/start`,
        "ExecStart=/usr/local/bin/job",
        `ExecStopPost=-/bin/sh -c '[ "$$SERVICE_RESULT" = success ] || end=/fail; \\`,
        `  curl -fsS -m 10 --retry 5 -o /dev/null "${url}$$end"'`,
      ].join("\n"),
    },
    {
      name: "PowerShell",
      where: "At the end of a script of the task scheduler.",
      text: `Invoke-RestMethod -Uri "${url}/$LASTEXITCODE" -TimeoutSec 10 -MaximumRetryCount 5 | Out-Null`,
    },
    {
      name: "Node",
      where: "Nothing to install. A call that fails never fails the job.",
      text: [
        `const ping = (what = "") =>`,
        `  fetch("${url}" + what, { signal: AbortSignal.timeout(10_000) }).catch(() => {});`,
        "",
        `await ping("/start");`,
        "try {",
        "  await job();",
        "  await ping();",
        "} catch (error) {",
        `  await ping("/fail");`,
        "  throw error;",
        "}",
      ].join("\n"),
    },
    {
      name: "Python",
      where: "Nothing to install. A call that fails never fails the job.",
      text: [
        "import urllib.request",
        "",
        `def ping(what=""):`,
        "    try:",
        `        urllib.request.urlopen("${url}" + what, timeout=10)`,
        "    except OSError:",
        "        pass",
        "",
        `ping("/start")`,
        "try:",
        "    job()",
        "except BaseException:",
        `    ping("/fail")`,
        "    raise",
        "ping()",
      ].join("\n"),
    },
  ];
}
