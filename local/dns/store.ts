import { mkdir, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../config/error";
import { refuse } from "./errors";
import type { Change, DnsRecord, ZoneInfo } from "./types";
import { Zone, type Draft } from "./zone";

type Step =
  | { readonly open: ZoneInfo }
  | { readonly close: string }
  | { readonly zone: string; readonly changes: readonly Change[] };
type Entry = Step & { readonly seq: number };

interface Snapshot {
  readonly version: 1;
  readonly seq: number;
  readonly zones: readonly {
    readonly info: ZoneInfo;
    readonly serial: number;
    readonly records: readonly DnsRecord[];
  }[];
}

export interface StoreOptions {
  /** Journal entries after which the journal is folded into a new snapshot. @default 5000 */
  readonly foldAfter?: number;
  /** Hears of a fold that failed: nothing is lost by it, the journal only grows on. */
  readonly onError: (error: Error) => void;
}

/**
 * All zones, in memory and on disk. A change is on disk (written and flushed) before it is seen by anybody or
 * acknowledged to its author, so a process that dies at any moment loses none. On disk: `zones.json`, a snapshot that is
 * only ever replaced whole, and `journal.jsonl`, one line per change since. A journal line counts when it ends in a newline:
 * half a last line is a change that was never acknowledged.
 */
export class Store {
  private readonly zones = new Map<string, Zone>();
  private queue: Promise<unknown> = Promise.resolve();
  private seq = 0;
  private length = 0;
  private entries = 0;
  private foldAt: number;
  private broken = false;

  private constructor(
    private readonly home: string,
    private readonly journal: FileHandle,
    private readonly options: StoreOptions,
  ) {
    this.foldAt = options.foldAfter ?? 5000;
  }

  /** Opens the store in the folder `home`, which is made if need be. Only one process may have it open. */
  static async open(home: string, options: StoreOptions): Promise<Store> {
    await mkdir(home, { recursive: true, mode: 0o700 });
    const store = new Store(home, await open(path.join(home, "journal.jsonl"), "a+", 0o600), options);
    try {
      await store.load();
      if (store.entries > 0) await store.fold();
      await flushFolder(home);
      return store;
    } catch (error) {
      await store.journal.close();
      throw error;
    }
  }

  all(): Zone[] {
    return [...this.zones.values()];
  }
  get(id: string): Zone | undefined {
    return this.zones.get(id);
  }
  named(name: string): Zone | undefined {
    return this.all().find((zone) => zone.info.name === name);
  }

  /** Runs `work` on the zone's draft; when this resolves, what it changed is on disk. All of it is done, or nothing. */
  change<T>(zoneId: string, work: (draft: Draft) => T): Promise<T> {
    return this.inTurn(async () => {
      const zone = this.zones.get(zoneId);
      if (!zone) throw refuse.notAllowed();
      const { result, changes } = zone.attempt(work);
      if (changes.length > 0) await this.commit({ zone: zoneId, changes });
      return result;
    });
  }

  openZone(info: ZoneInfo): Promise<Zone> {
    return this.inTurn(async () => {
      if (this.named(info.name) || this.zones.has(info.id)) throw refuse.zoneTaken(info.name);
      await this.commit({ open: info });
      return this.zones.get(info.id) as Zone;
    });
  }

  closeZone(id: string): Promise<void> {
    return this.inTurn(async () => {
      if (this.zones.has(id)) await this.commit({ close: id });
    });
  }

  /** Waits for changes under way. */
  close(): Promise<void> {
    return this.inTurn(async () => {
      this.broken = true;
      await this.journal.close();
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined); // its author hears of the failure; the next in the queue is not concerned
    return turn;
  }

  private async commit(step: Step): Promise<void> {
    if (this.broken) throw new Error(`the journal in ${this.home} takes no more changes`);
    const entry: Entry = { seq: this.seq + 1, ...step };
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    try {
      await this.journal.appendFile(line);
      await this.journal.datasync();
    } catch (error) {
      // Half a line must not stay in front of the next one; if it cannot be taken back, nothing more may be written.
      await this.journal.truncate(this.length).catch(() => {
        this.broken = true;
      });
      throw error;
    }
    this.length += line.length;
    this.play(entry);
    if (this.entries < this.foldAt) return;
    this.foldAt = this.entries + (this.options.foldAfter ?? 5000);
    // The change is made, whether or not there is room for a new snapshot.
    await this.fold().catch(this.options.onError);
  }

  private play(entry: Entry): void {
    if ("open" in entry) this.zones.set(entry.open.id, new Zone(entry.open));
    else if ("close" in entry) this.zones.delete(entry.close);
    else this.zones.get(entry.zone)?.apply(entry.changes);
    this.seq = entry.seq;
    this.entries += 1;
  }

  private async load(): Promise<void> {
    const snapshot = await this.snapshot();
    if (snapshot) {
      this.seq = snapshot.seq;
      for (const z of snapshot.zones) this.zones.set(z.info.id, new Zone(z.info, z.serial, z.records));
    }
    const text = await this.journal.readFile();
    const whole = text.lastIndexOf(0x0a) + 1;
    if (whole < text.length) await this.journal.truncate(whole);
    this.length = whole;
    const lines = text.subarray(0, whole).toString("utf8").split("\n").slice(0, -1);
    for (const [i, line] of lines.entries()) {
      const entry = parse<Entry>(line, this.file("journal.jsonl"), i + 1);
      if (entry.seq <= this.seq) continue; // a crash after the fold's rename, before the journal was emptied
      if (entry.seq !== this.seq + 1)
        throw damaged(this.file("journal.jsonl"), `entry ${this.seq + 1} is missing`, i + 1);
      this.play(entry);
    }
    this.entries = lines.length;
  }

  private async snapshot(): Promise<Snapshot | undefined> {
    const file = this.file("zones.json");
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const snapshot = parse<Snapshot>(text, file);
    if (snapshot.version !== 1) throw damaged(file, `version ${String(snapshot.version)} is not known`);
    return snapshot;
  }

  /** Replaces the snapshot by one that holds everything, then empties the journal. */
  private async fold(): Promise<void> {
    const zones = this.all().map((z) => ({ info: z.info, serial: z.serial, records: [...z.records()] }));
    const snapshot: Snapshot = { version: 1, seq: this.seq, zones };
    const draft = this.file(`zones.json.${process.pid}`);
    try {
      const file = await open(draft, "w", 0o600);
      try {
        await file.writeFile(JSON.stringify(snapshot));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.file("zones.json"));
    } finally {
      await rm(draft, { force: true });
    }
    await flushFolder(this.home);
    await this.journal.truncate(0);
    await this.journal.datasync();
    this.length = 0;
    this.entries = 0;
    this.foldAt = this.options.foldAfter ?? 5000;
  }

  private file(name: string): string {
    return path.join(this.home, name);
  }
}

/** A new or renamed file is only there for good once its folder is flushed too. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function parse<T>(text: string, file: string, line?: number): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw damaged(file, (error as Error).message, line);
  }
}

/** A zone that cannot be read is never taken for an empty one. */
const damaged = (file: string, why: string, line?: number) =>
  new UserError(
    `${file}${line === undefined ? "" : `:${line}`}: the DNS zones cannot be read (${why}). ` +
      "Put the file back from a copy, or remove the folder to start with empty zones.",
  );
