import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Client } from "pg";

/** What this process asks of others, counted while it works. */
export class Asked {
  #docker = 0;
  #dns = 0;
  #sql = 0;
  readonly #onDocker = () => void this.#docker++;
  readonly #onDns = () => void this.#dns++;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was found
  readonly #query = Client.prototype.query;

  constructor() {
    // Docker's client is on node:http, that of the DNS zone on fetch.
    subscribe("http.client.request.start", this.#onDocker);
    subscribe("undici:request:create", this.#onDns);
    const [query, count] = [this.#query, () => void this.#sql++];
    Client.prototype.query = function counted(this: Client, ...args: unknown[]) {
      count();
      return Reflect.apply(query, this, args) as unknown;
    } as typeof query;
  }

  /** Ends the counting. @returns requests and queries of one of `runs` runs */
  stop(runs: number): Readonly<Record<"dockerRequests" | "dnsRequests" | "sqlQueries", number>> {
    unsubscribe("http.client.request.start", this.#onDocker);
    unsubscribe("undici:request:create", this.#onDns);
    Client.prototype.query = this.#query;
    return {
      dockerRequests: this.#docker / runs,
      dnsRequests: this.#dns / runs,
      sqlQueries: this.#sql / runs,
    };
  }
}
