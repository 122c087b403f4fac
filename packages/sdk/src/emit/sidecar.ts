import { createHttpDestination } from "./http.ts";
import { QueueEmitter, type QueueOptions } from "./queue-emitter.ts";

export interface HttpOptions extends QueueOptions {
  /** Longest wait for an answer, in ms; 5,000 unless told otherwise. */
  readonly timeoutMs?: number;
  /** Whether batches are sent as gzip; true unless told otherwise. */
  readonly compress?: boolean;
  /** Sent as `Authorization: Bearer`. */
  readonly key?: string;
}

/** What is sent when nothing says where: `belfry up` on the same machine. */
export const defaultUrl = "http://127.0.0.1:8000";

/** Sends to a sidecar: the address given, else `BELFRY_SIDECAR_URL` or `SIDECAR_URL`, else `http://127.0.0.1:8000`. */
export class SidecarEmitter extends QueueEmitter {
  constructor(url?: string | null, options: HttpOptions = {}) {
    const { BELFRY_SIDECAR_URL, SIDECAR_URL } = process.env;
    super(destinationOf(url || BELFRY_SIDECAR_URL || SIDECAR_URL || defaultUrl, options), options);
  }
}

/** Sends straight to a hub with a key of scope `ingest`. */
export class HubEmitter extends QueueEmitter {
  constructor(url: string, key: string | undefined, options: HttpOptions = {}) {
    super(destinationOf(url, { ...options, ...(key === undefined ? {} : { key }) }), options);
  }
}

function destinationOf(url: string, { key, timeoutMs, compress }: HttpOptions) {
  return createHttpDestination({
    url,
    key,
    timeoutMs: timeoutMs ?? 5_000,
    compress: compress ?? true,
  });
}
