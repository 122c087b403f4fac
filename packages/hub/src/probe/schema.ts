/** Pieces of settings that several kinds share, and their checks beyond the schema. */
import { X509Certificate } from "node:crypto";
import { Type } from "typebox";
import type { Problem } from "@belfry/contract";
import { parseHost, type Host } from "./address.ts";
import { createTlsPlan, type TlsMaterial } from "./secure.ts";

/** Folded away in forms. */
export const advanced = { advanced: true } as const;

/** The host of a target. */
export const HostSchema = Type.String({
  minLength: 1,
  maxLength: 253,
  title: "Host",
  description: "Name or address of the machine",
  expected: "a host name or an IP address",
});

/** Which addresses a check may use. */
export const IpVersionSchema = Type.Enum(["any", "4", "6"], {
  default: "any",
  title: "IP version",
  description: "any: IPv4 first, IPv6 when there is no IPv4 address or none of them connects",
  ...advanced,
});

/** A port; the default is the kind's own. */
export function portSchema(port?: number) {
  return Type.Integer({
    minimum: 1,
    maximum: 65_535,
    title: "Port",
    ...(port === undefined ? {} : { default: port }),
  });
}

/** How a peer's certificate is judged. */
export const TlsSchema = Type.Object(
  {
    verify: Type.Boolean({
      default: true,
      title: "Verify the certificate",
      description: "false: any certificate is good; its expiry is still measured",
    }),
    ca: Type.Optional(
      Type.String({
        maxLength: 262_144,
        title: "Certificate authorities",
        description: "PEM; trusted instead of the usual ones",
        multiline: true,
      }),
    ),
    server_name: Type.Optional(
      Type.String({
        maxLength: 253,
        title: "Server name",
        description: "Asked for and expected in the certificate, in place of the host",
      }),
    ),
  },
  { additionalProperties: false, default: {}, title: "TLS", ...advanced },
);

/** A certificate Belfry shows to the target. */
export const ClientCertificateSchema = Type.Object(
  {
    certificate: Type.String({
      maxLength: 262_144,
      title: "Certificate",
      description: "PEM; the chain behind it may follow",
      multiline: true,
    }),
    key: Type.String({ maxLength: 65_536, title: "Key", description: "PEM", multiline: true }),
    passphrase: Type.Optional(Type.String({ maxLength: 1_024, title: "Passphrase of the key" })),
  },
  { additionalProperties: false, title: "Client certificate", ...advanced },
);

/** Problems of a host as text. */
export function hostProblems(text: string, path = "host"): Problem[] {
  if (parseHost(text) !== undefined) return [];
  return [{ path, message: "expected a host name or an IP address, without port or path" }];
}

/** Guarantee: only called with text that `hostProblems` had nothing against. */
export function checkedHost(text: string): Host {
  const host = parseHost(text);
  if (host === undefined) throw new TypeError("the host was not checked before");
  return host;
}

/** Problems of TLS material; the text of the material is never shown. */
export function tlsProblems(material: TlsMaterial, caPath: string, certPath: string): Problem[] {
  const problems: Problem[] = [];
  if (material.ca !== undefined && !areCertificates(material.ca)) {
    problems.push({ path: caPath, message: "expected certificates in PEM form" });
  }
  const { cert, key, passphrase } = material;
  if (cert !== undefined && !isUsable({ verify: true, cert, key, passphrase })) {
    const message = "OpenSSL cannot use this certificate with this key and passphrase";
    problems.push({ path: certPath, message });
  }
  return problems;
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** A context takes authorities it cannot read without a word, so each is read here. */
function areCertificates(pem: string): boolean {
  const certificates = pem.match(pemCertificate) ?? [];
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch {
    return false;
  }
  return certificates.length > 0;
}

function isUsable(material: TlsMaterial): boolean {
  try {
    createTlsPlan(material);
    return true;
  } catch {
    return false;
  }
}
