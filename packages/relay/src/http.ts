/** HTTP as sinks use it, for others who hand something over to a server: bounded, guarded, with answers read alike. */
export {
  createHttpClient,
  type HttpClient,
  type HttpClientSettings,
  type HttpOutcome,
  type HttpRequest,
} from "./sinks/http/http-client.ts";
export { retryAfterMs, verdictOf, withoutSecrets, type HttpVerdict } from "./sinks/http/verdict.ts";
