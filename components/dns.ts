import { DnsRecord } from "@pulumi/cloudflare/dnsRecord";
import type * as cloudflare from "@pulumi/cloudflare";
import type * as pulumi from "@pulumi/pulumi";
import { mark, type Owner } from "../config/names";
import type { Ingress, Zone } from "../config/platform";

export interface AddressArgs {
  readonly owner: Owner;
  /** Fully qualified, lower case. */
  readonly host: string;
  readonly zone: Zone;
  readonly ingress: Ingress;
  readonly provider: cloudflare.Provider;
}

/** Seconds. Short, so that a substation that moves to another platform is found there within a minute. */
const ttl = 60;

/** The name under which the shop is reached. Made last and removed first: no record ever points at nothing. */
export function createAddress(args: AddressArgs, opts: pulumi.CustomResourceOptions): DnsRecord {
  return new DnsRecord(
    args.owner.id,
    {
      zoneId: args.zone.id,
      name: args.host,
      type: "A",
      content: args.ingress.address,
      ttl,
      proxied: false,
      comment: mark(args.owner),
    },
    // Another name is another record; the old one goes first, since a provider may refuse two types under one name.
    { ...opts, provider: args.provider },
  );
}
