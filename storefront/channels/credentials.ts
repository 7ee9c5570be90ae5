import { createPublicKey, type KeyObject } from "node:crypto";
import { privateKeyOf, publicKeyOf } from "./rsa";
import { type ChannelConfig, ChannelError } from "./types";

/** Reads a channel's fields and collects what is wrong with them, so that one error names all. No value is ever shown. */
export class Credentials {
  private readonly problems: string[] = [];

  constructor(private readonly config: ChannelConfig) {}

  /** Base address without a trailing slash. Money and keys travel in the clear only to a sandbox. */
  gateway(): string {
    const { gateway, sandbox } = this.config;
    const protocol = URL.canParse(gateway) ? new URL(gateway).protocol : "";
    if (protocol !== "https:" && !(sandbox && protocol === "http:"))
      this.problem("gateway", "must be an https address");
    return gateway.replace(/\/+$/, "");
  }

  /** An id that the gateway gave: it goes into URLs and headers as it is. */
  id(name: string): string {
    return this.text(
      `fields.${name}`,
      this.config.fields[name],
      /^[\w-]{1,64}$/,
      "must be letters and digits",
    );
  }

  secret(name: string, shape: RegExp, must: string): string {
    return this.text(`secrets.${name}`, this.config.secrets[name], shape, must);
  }

  privateKey(name: string): KeyObject | undefined {
    const key = privateKeyOf(this.config.secrets[name] ?? "");
    if (!key) this.problem(`secrets.${name}`, `must be an RSA private key ${keyForm}`);
    return key;
  }

  /** The gateway's key. The own one in its place is the commonest mistake there is: every notify would be refused. */
  publicKey(name: string, own: KeyObject | undefined): KeyObject | undefined {
    const key = publicKeyOf(this.config.fields[name] ?? "");
    if (!key) this.problem(`fields.${name}`, `must be an RSA public key ${keyForm}`);
    else if (own && key.equals(createPublicKey(own)))
      this.problem(`fields.${name}`, "is your own public key; copy the gateway's key from its console");
    return key;
  }

  problem(name: string, fault: string): void {
    this.problems.push(`${name} ${fault}`);
  }

  /** @throws ChannelError when there was a problem; afterwards no key is undefined. */
  check(): void {
    if (this.problems.length > 0)
      throw new ChannelError(
        `channel ${this.config.id} (${this.config.kind}) cannot be used: ${this.problems.join("; ")}`,
      );
  }

  private text(name: string, value: string | undefined, shape: RegExp, must: string): string {
    if (value !== undefined && shape.test(value)) return value;
    this.problem(name, value === undefined || value === "" ? "is missing" : must);
    return "";
  }
}

const keyForm = "of 2048 bits or more, as PEM or base64";
