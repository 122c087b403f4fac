/** Where the pages begin: makes the parts and draws them. */
import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { createClient, type Client } from "./api/client.ts";
import { createRequester } from "./api/request.ts";
import { createLive } from "./live/stream.ts";
import { createRouter } from "./route/router.ts";
import { createAccess } from "./shell/access.ts";
import { App } from "./shell/app.tsx";
import { PartsContext, type Parts } from "./shell/parts.ts";
import { createTheme } from "./shell/theme.ts";
import { createTicking } from "./shell/ticking.ts";
import { createToasts } from "./shell/toasts.ts";
import "./style/base.css";

function start(root: HTMLElement): void {
  const access = createAccess((): Client => client);
  const client = createClient(
    createRequester({
      fetch: (path, init) => fetch(path, init),
      csrfToken: () => access.csrfToken(),
      onUnauthenticated: () => access.expelled(),
    }),
  );
  const live = createLive({
    open: (url) => new EventSource(url),
    now: () => Date.now(),
    random: () => Math.random(),
    onLost: () => void access.ask(),
  });
  const parts: Parts = {
    client,
    live,
    access,
    router: createRouter(window),
    theme: createTheme(window),
    toasts: createToasts(),
    now: createTicking(document),
  };
  effect(() => {
    const isIn = access.state.value.kind === "in";
    untracked(() => (isIn ? live.start() : live.stop()));
  });
  void access.ask();
  render(
    <PartsContext.Provider value={parts}>
      <App />
    </PartsContext.Provider>,
    root,
  );
}

const root = document.getElementById("app");
if (root !== null) start(root);
