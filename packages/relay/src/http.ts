/** HTTP as sinks use it, for others who hand something over to a server: bounded, guarded, with answers read alike. */
export { CaSchema, isPem } from "./sinks/http/authority.ts";
export {
  createHttpClient,
  type HttpClient,
  type HttpClientSettings,
  type HttpOutcome,
  type HttpRequest,
} from "./sinks/http/http-client.ts";
export { readJson, valueAt } from "./sinks/http/read-json.ts";
export { HeadersSchema, HttpUrlSchema } from "./sinks/http/settings.ts";
export { retryAfterMs, verdictOf, withoutSecrets, type HttpVerdict } from "./sinks/http/verdict.ts";
export { readSecret, signatureHeaders } from "./sinks/webhook/signature.ts";
