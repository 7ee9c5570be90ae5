import type { DnsRecord } from "./types";

interface Problem {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly Problem[];
}

/** A refusal in the words of the API: an HTTP status and one entry of the envelope's `errors`. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${problem.message} (${problem.code})`);
  }
}

const error = (status: number, code: number, message: string, chain?: Problem): ApiError =>
  new ApiError(status, chain ? { code, message, error_chain: [chain] } : { code, message });

const seeAlso =
  "For more details, refer to <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.";

/**
 * The refusals that the emulator gives. Codes and texts are Cloudflare's as their users quote them; docs/dns-emulator.md
 * says where each was seen, and which few are not Cloudflare's.
 */
export const refuse = {
  // Who asks
  noCredentials: () => error(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
  malformedToken: () =>
    error(400, 6003, "Invalid request headers", {
      code: 6111,
      message: "Invalid format for Authorization header",
    }),
  unknownToken: () => error(403, 9109, "Invalid access token"),
  unverifiedToken: () => error(401, 1000, "Invalid API Token"),
  notAllowed: () => error(403, 10000, "Authentication error"),
  zoneNotAllowed: () => error(403, 9109, "Unauthorized to access requested resource"),
  tooManyRequests: (retryAfterSeconds: number) =>
    new ApiError(
      429,
      { code: 971, message: "Please wait and consider throttling your request speed" },
      { "retry-after": String(retryAfterSeconds) },
    ),

  // What is asked
  noRoute: (path: string) =>
    error(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`),
  noMethod: (method: string) => error(405, 7001, `Method ${method} not available for that URI.`),
  contentType: () =>
    error(400, 6003, "Invalid request headers", {
      code: 6105,
      message: "Invalid Content-Type header, valid values are application/json,multipart/form-data",
    }),
  body: (why?: string) =>
    error(400, 9207, why ? `Request body is invalid: ${why}` : "Request body is invalid."),
  tooLarge: () => error(413, 9207, "Request body is invalid: it is larger than 8 MiB."),
  query: (why: string) => error(400, 9207, `Request query is invalid: ${why}`),

  // Records
  recordMissing: () => error(404, 81044, "Record does not exist."),
  quota: () => error(400, 81045, "Record quota exceeded."),
  hostTaken: () => error(400, 81053, `An A, AAAA, or CNAME record with that host already exists. ${seeAlso}`),
  cnameTaken: () => error(400, 81054, `A CNAME record with that host already exists. ${seeAlso}`),
  otherThanNs: () => error(400, 81055, "Non-NS records with that host already exist."),
  nsTaken: () => error(400, 81056, "NS records with that host already exist."),
  identical: () => error(400, 81058, "An identical record already exists."),
  name: () => error(400, 9000, "DNS name is invalid."),
  type: () => error(400, 9002, "DNS record type is invalid."),
  typeNotCovered: (type: string) =>
    error(400, 9002, `DNS record type ${type} is not covered by this emulator.`),
  target: (content: string) => error(400, 9003, `Target ${content} is not allowed for a proxied record.`),
  notProxiable: () => error(400, 9004, "This record type cannot be proxied."),
  content: (type: DnsRecord["type"]) =>
    type === "A"
      ? error(400, 9005, "Content for A record must be a valid IPv4 address.")
      : type === "AAAA"
        ? error(400, 9006, "Content for AAAA record must be a valid IPv6 address.")
        : type === "CNAME"
          ? error(400, 9007, "Content for CNAME record is invalid.")
          : error(400, 9009, `Content for ${type} record is invalid.`),
  contentLength: () =>
    error(400, 9015, "Record content exceeds the allowed length of 4096 wire format bytes."),
  ttl: () => error(400, 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic."),
  selfReference: () => error(400, 9039, "CNAME content cannot reference itself."),
  required: (field: string) => error(400, 9207, `${field} is a required field.`),
  tags: (count: number, quota: number) =>
    error(400, 9300, `DNS record has ${count} tags, exceeding the quota of ${quota}.`),
  comment: (limit: number) =>
    error(400, 9313, `DNS record comment exceeds the maximum length of ${limit} characters.`),
  batchSize: (limit: number) =>
    error(400, 9207, `Request body is invalid: a batch may hold ${limit} changes.`),

  // Zones
  zoneTaken: (name: string) => error(400, 1061, `${name} already exists.`),
  zoneName: (name: string) => error(400, 1049, `${name} is not a registered domain`),

  internal: () => error(500, 10000, "Internal server error"),
};
