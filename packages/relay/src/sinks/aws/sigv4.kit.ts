/** Checks signatures as AWS does (Signature Version 4, in the header), for fakes: computed here once more, not by the AWS SDK. */
import { createHash, createHmac } from "node:crypto";
import type { TakenRequest } from "../http/strict-server.kit.ts";

export interface KnownKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** What is wrong with a request's signature, as the name AWS gives it and a message; undefined when it is right. */
export function signatureFault(
  request: TakenRequest,
  service: string,
  keys: KnownKeys,
): { readonly name: string; readonly message: string } | undefined {
  const header = textOf(request, "authorization");
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (found === null) {
    return { name: "MissingAuthenticationTokenException", message: "Missing Authentication Token" };
  }
  const [, id, day = "", region, named, signedHeaders = "", signature] = found;
  if (id !== keys.accessKeyId) {
    const message = "The security token included in the request is invalid.";
    return { name: "UnrecognizedClientException", message };
  }
  const wrong = (message: string) => ({ name: "InvalidSignatureException", message });
  if (region !== keys.region) return wrong(`Credential should be scoped to a valid region.`);
  if (named !== service) return wrong(`Credential should be scoped to correct service: ${service}`);
  const at = textOf(request, "x-amz-date");
  if (!isNow(at) || !at.startsWith(day)) return wrong("Signature expired");
  const names = signedHeaders.split(";");
  for (const name of ["host", "x-amz-date"]) {
    if (!names.includes(name)) return wrong(`${name} must be signed`);
  }
  const bodyHash = createHash("sha256").update(request.body).digest("hex");
  if (textOf(request, "x-amz-content-sha256") !== bodyHash) {
    return wrong("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  const [path = "/", query = ""] = request.path.split("?");
  const canonical = [
    request.method,
    path,
    query.split("&").toSorted().join("&"),
    ...names.map((name) => `${name}:${textOf(request, name).trim().replace(/ +/g, " ")}`),
    "",
    signedHeaders,
    bodyHash,
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (last, part) => createHmac("sha256", last).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  );
  const expected = createHmac("sha256", key)
    .update(["AWS4-HMAC-SHA256", at, scope, hash].join("\n"))
    .digest("hex");
  const message = "The request signature we calculated does not match the signature you provided.";
  return signature === expected ? undefined : wrong(message);
}

function textOf({ headers }: TakenRequest, name: string): string {
  return String(headers[name] ?? "");
}

/** `20261121T153221Z`, within five minutes. */
function isNow(text: string): boolean {
  const at = Date.parse(
    text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  return Math.abs(at - Date.now()) < 5 * 60_000;
}
