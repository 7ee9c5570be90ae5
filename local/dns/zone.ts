import { refuse } from "./errors";
import type { Change, DnsRecord, ZoneInfo } from "./types";

/** A name that exists in a zone: by its own records, or because a name below it has some. */
interface Node {
  readonly records: DnsRecord[];
  below: number;
}

/** A zone under change: what it would be if the change were made. */
export interface Draft {
  readonly info: ZoneInfo;
  /** Throws the API's refusal if there is no such record. */
  get(id: string): DnsRecord;
  /** Throws the API's refusal if the record cannot stand beside those that are there. */
  put(record: DnsRecord): DnsRecord;
  delete(id: string): DnsRecord;
}

/** The records of one zone in memory, found by id and by name. */
export class Zone {
  private readonly byId = new Map<string, DnsRecord>();
  private readonly byName = new Map<string, Node>();
  private revision: number;

  constructor(
    readonly info: ZoneInfo,
    /** Rises with every change; the serial of the SOA record. */
    serial = 1,
    records: Iterable<DnsRecord> = [],
  ) {
    this.revision = serial;
    this.byName.set(info.name, { records: [], below: 0 });
    for (const record of records) this.applyOne({ put: record });
  }

  get serial(): number {
    return this.revision;
  }
  get size(): number {
    return this.byId.size;
  }
  records(): IterableIterator<DnsRecord> {
    return this.byId.values();
  }
  get(id: string): DnsRecord | undefined {
    return this.byId.get(id);
  }
  /** The records of a name; empty where only names below it have some; undefined where the name does not exist. */
  at(name: string): readonly DnsRecord[] | undefined {
    return this.byName.get(name)?.records;
  }

  /** Finds out what `work` would change, and leaves the zone as it is. */
  attempt<T>(work: (draft: Draft) => T): { readonly result: T; readonly changes: readonly Change[] } {
    const changes: Change[] = [];
    const undo: Change[] = [];
    const step = (id: string, change: Change) => {
      const old = this.byId.get(id);
      undo.push(old ? { put: old } : { delete: id });
      this.applyOne(change);
      changes.push(change);
    };
    const get = (id: string) => {
      const record = this.byId.get(id);
      if (!record) throw refuse.recordMissing();
      return record;
    };
    try {
      const result = work({
        info: this.info,
        get,
        put: (record) => {
          this.check(record);
          step(record.id, { put: record });
          return record;
        },
        delete: (id) => {
          const record = get(id);
          step(id, { delete: id });
          return record;
        },
      });
      return { result, changes };
    } finally {
      for (const change of undo.reverse()) this.applyOne(change);
    }
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.applyOne(change);
    // RFC 1982: the serial is 32 bits wide and starts again at 1.
    this.revision = (this.revision % 0xffff_ffff) + 1;
  }

  private applyOne(change: Change): void {
    const id = "put" in change ? change.put.id : change.delete;
    const old = this.byId.get(id);
    if (old) {
      const node = this.node(old.name);
      node.records.splice(node.records.indexOf(old), 1);
      this.count(old.name, -1);
      this.byId.delete(id);
    }
    if ("put" in change) {
      this.byId.set(id, change.put);
      this.node(change.put.name).records.push(change.put);
      this.count(change.put.name, 1);
    }
  }

  private node(name: string): Node {
    let node = this.byName.get(name);
    if (!node) this.byName.set(name, (node = { records: [], below: 0 }));
    return node;
  }

  /** Every name between a record and its zone exists too (RFC 8020). */
  private count(name: string, by: 1 | -1): void {
    for (let at = name; at !== this.info.name; at = parent(at)) {
      const above = this.node(parent(at));
      above.below += by;
      const node = this.node(at);
      if (node.records.length === 0 && node.below === 0) this.byName.delete(at);
    }
  }

  /** "A/AAAA records cannot exist on the same name as CNAME records. NS records cannot exist on the same name as any other." */
  private check(record: DnsRecord): void {
    const others = (this.at(record.name) ?? []).filter((r) => r.id !== record.id);
    const has = (...types: DnsRecord["type"][]) => others.some((r) => types.includes(r.type));
    const delegation = record.name !== this.info.name;
    if (delegation && record.type === "NS" && others.some((r) => r.type !== "NS")) throw refuse.otherThanNs();
    if (delegation && record.type !== "NS" && has("NS")) throw refuse.nsTaken();
    if (record.type === "CNAME" && has("A", "AAAA", "CNAME")) throw refuse.hostTaken();
    if ((record.type === "A" || record.type === "AAAA") && has("CNAME")) throw refuse.cnameTaken();
    const same = (r: DnsRecord) =>
      r.type === record.type && r.content === record.content && r.priority === record.priority;
    if (others.some(same)) throw refuse.identical();
    if (!this.byId.has(record.id) && this.size >= (this.info.recordQuota ?? Infinity)) throw refuse.quota();
  }
}

export const parent = (name: string): string => name.slice(name.indexOf(".") + 1);
