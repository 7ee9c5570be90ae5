import { z } from "zod";
import { type DnsAccess } from "./dns-service";
import { UserError } from "../config/error";
import { errorText } from "./files";

const realApi = "https://api.cloudflare.com/client/v4";

const answer = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })),
  result: z.array(z.object({ id: z.string(), name: z.string(), status: z.string().optional() })).nullish(),
});

/** The zone that the environment names at the real Cloudflare; undefined where it names none. */
export async function cloudflareFromEnvironment(
  env: NodeJS.ProcessEnv = process.env,
): Promise<DnsAccess | undefined> {
  const token = env["SUBSTATION_CLOUDFLARE_TOKEN"];
  const zone = env["SUBSTATION_ZONE"];
  if (!token && !zone) return undefined;
  if (!token || !zone) {
    throw new UserError(
      "SUBSTATION_CLOUDFLARE_TOKEN and SUBSTATION_ZONE belong together: set both for the real Cloudflare, or neither for the zone on this machine.",
    );
  }
  return { zone, token, zoneId: await findZone(zone, token) };
}

/** The id of a zone that this token may see. Asking for it is also the check of the token, which works for tokens of users and of accounts. */
export async function findZone(zone: string, token: string, api: string = realApi): Promise<string> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${api}/zones?name=${encodeURIComponent(zone)}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(15_000),
    });
    body = await response.json();
  } catch (error) {
    throw new UserError(`Cloudflare's API (${api}) does not answer: ${errorText(error)}`);
  }
  const { success, errors, result } = answer.parse(body);
  if (!success) {
    const said = errors.map(({ code, message }) => `${message} (${code})`).join("; ");
    throw new UserError(
      `Cloudflare refuses the token in SUBSTATION_CLOUDFLARE_TOKEN (HTTP ${response.status}): ${said}. It needs the permissions Zone:Read and DNS:Edit for ${zone}.`,
    );
  }
  const found = result?.find((candidate) => candidate.name === zone);
  if (!found)
    throw new UserError(
      `The Cloudflare token sees no zone named "${zone}". Check SUBSTATION_ZONE, and that the token is for that zone.`,
    );
  return found.id;
}
