import * as path from "node:path";
import { z } from "zod";
import { secretField } from "../config/channels";
import type { ChannelSpec } from "../config/channels/types";
import { readIfPresent, secretMode, writeFileAtomic } from "./files";
import { newSecret } from "./gateways/merchants";
import type { Home } from "./home";

/** By merchant, then by field. */
const schema = z.record(z.string(), z.record(z.string(), z.string()));

/**
 * The secrets that were made up for this machine's sandbox merchants. The gateways do not know them: a private key's other half is all that they need. What an operator has
 * stored is never among them: it may be a real merchant's, and of no concern to other shops.
 */
export class MadeUpSecrets {
  readonly #file: string;
  readonly #known: z.infer<typeof schema>;

  constructor(home: Home) {
    this.#file = path.join(home.secrets, "sandbox-merchants.json");
    this.#known = schema.parse(JSON.parse(readIfPresent(this.#file) ?? "{}"));
  }

  /** Values for secret fields of a channel; those of a merchant are the same in all its channels, also of two shops. */
  of(channel: ChannelSpec, fields: readonly string[]): Readonly<Record<string, string>> {
    if (fields.length === 0) return {};
    const name = merchantName(channel);
    const known = this.#known[name] ?? {};
    const wanted = Object.fromEntries(
      fields.map((field) => [field, known[field] ?? newSecret(secretField(channel, field))]),
    );
    // Kept before anybody has them: after a crash the next try goes on with the same ones.
    this.#known[name] = { ...known, ...wanted };
    writeFileAtomic(this.#file, JSON.stringify(this.#known, null, 2), secretMode);
    return wanted;
  }
}

/** Tells merchants apart as the gateways do. */
const merchantName = ({ kind, fields }: ChannelSpec): string =>
  `${kind}/${fields["merchantId"] ?? fields["appId"]}`;
