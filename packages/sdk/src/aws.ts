/** `@belfry/sdk/aws`: straight to CloudWatch and X-Ray through the caller's own clients, and handlers of Lambda. */
export { CloudWatchEmitter, type CloudWatchOptions } from "./aws/cloudwatch.ts";
export type { CloudWatchClient, CloudWatchLogsClient, XRayClient } from "./aws/clients.ts";
export { monitoredLambdaHandler, type LambdaContext, type LambdaOptions } from "./aws/lambda.ts";
export { XRayEmitter, type XRayOptions } from "./aws/xray.ts";
