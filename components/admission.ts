import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { admissionVariable, onLines, type Ask, type Go, type Request } from "../config/admission";
import { backoff } from "../config/backoff";
import { parseMark, type Owner } from "../config/names";
import type { Zone } from "../config/platform";
import { deleteRecord, liveRecords } from "../inventory/dns";
import { patienceFor, saysRecordExists } from "./retry";

/**
 * Makes a substation wait its turn, and its parts try again what a busy server refused. The first heavy thing that is made for it asks whoever runs the engines
 * (`config/admission.ts`); where nobody does, nothing waits. Put on the component as a transformation, so that no part needs to know.
 */
export function admission(owner: Owner, zone: Zone): pulumi.ResourceTransformation {
  const enter = new pulumi.ResourceHook(`${owner.id}-enter`, () =>
    asked({ ask: "enter", group: owner.group, id: owner.id }),
  );
  const askName = new pulumi.ResourceHook(`${owner.id}-ask-name`, async ({ urn }) => {
    await asked({ ask: "dns", id: urn });
    triedSince.set(urn, performance.now());
  });
  const again = retries(zone);
  return ({ type, name, props, opts }) => {
    if (!servers.test(type)) return undefined;
    const isRecord = type.startsWith("cloudflare:");
    const isHeavy = isRecord || type === containerType || name === `${owner.id}-group`;
    const { beforeCreate = [], ...own } = opts.hooks ?? {};
    const hooks = {
      ...own,
      // A part's own hook may refuse: the place among the records is taken last.
      beforeCreate: [...(isHeavy ? [enter] : []), ...beforeCreate, ...(isRecord ? [askName] : [])],
      onError: [again],
    };
    return { props, opts: { ...opts, hooks } };
  };
}

/** Of resources that a server is asked for. */
const servers = /^(?:postgresql|docker|cloudflare):/;
const containerType = "docker:index/container:Container";

let again: pulumi.ErrorHook | undefined;

/**
 * The hook that decides whether a part is tried again: one for the whole program, registered even where it lays out nothing. The engine keeps its name with each part, asks it
 * when the part cannot be removed either, long after its substation has left the files, and shows no other error where there is no hook of that name.
 */
export const retries = (zone: Zone): pulumi.ErrorHook =>
  (again ??= new pulumi.ErrorHook("try-again", (failed) => tryAgain(zone, failed)));

/**
 * When the first try of each resource began, where that is seen, or else when it failed: the engine tells the errors so far, and not when they were. It is seen of records, whose
 * client asks again by itself: cloudflare-go twice in a second and a half, a newer one ten times in three minutes and a half (cloudflare-go#4220).
 */
const triedSince = new Map<string, number>();

async function tryAgain(zone: Zone, failed: pulumi.ErrorHookArgs): Promise<boolean> {
  const { type, urn, errors, failedOperation } = failed;
  const [newest = ""] = errors;
  const isRecord = type.startsWith("cloudflare:");
  if (isRecord) tell({ ask: "answered", id: urn }); // while it waits, another may ask
  const tried =
    failedOperation === "create" && saysRecordExists(type, newest)
      ? errors.length === 1 && (await takeBack(zone, failed))
      : await waitFor(type, urn, newest, errors.length);
  if (tried && isRecord) await asked({ ask: "dns", id: urn });
  return tried;
}

async function waitFor(type: string, urn: string, error: string, failures: number): Promise<boolean> {
  const patience = patienceFor(type, error);
  if (!patience) return false;
  const { sign, tries, within } = patience;
  if (sign) tell({ ask: "sign", sign });
  const since = triedSince.get(urn) ?? performance.now();
  triedSince.set(urn, since);
  const wait = backoff(failures);
  if (failures >= tries || performance.now() - since + wait > within) return false;
  await sleep(wait);
  return true;
}

/**
 * The API made the record and its answer was lost: the client asked again, and now there is one already. It bears the very mark that was asked for, and all the rest, so it is
 * removed, and the next try makes it anew; nobody was told of the name yet.
 */
async function takeBack(zone: Zone, { newInputs = {} }: pulumi.ErrorHookArgs): Promise<boolean> {
  const [lost, ...others] = (await liveRecords(zone)).filter(({ name }) => name === newInputs["name"]);
  if (!lost || others.length > 0 || !parseMark(lost.comment)) return false;
  const asked = (["comment", "type", "content"] as const).every((key) => lost[key] === newInputs[key]);
  if (asked) await deleteRecord(zone, lost.id);
  return asked;
}

/** Open as long as this program runs: when it ends, what it was given is free for others. */
interface Line {
  readonly socket: Socket;
  readonly waiting: Map<number, () => void>;
}

let line: Line | undefined;
let asks = 0;

/** Milliseconds. Nobody waits longer, whatever became of those who have the places: too much at one time is better than nothing any more. */
const longestWait = 15 * 60_000;

/** Sends a question, and waits until it is told to go on; at once where there is nobody to ask, or not any more. */
async function asked(ask: Ask): Promise<void> {
  const to = open();
  if (!to) return;
  const number = send(to, ask);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, longestWait);
    to.waiting.set(number, () => {
      clearTimeout(timer);
      resolve();
    });
  });
  to.waiting.delete(number);
}

function tell(ask: Ask): void {
  const to = open();
  if (to) send(to, ask);
}

function send({ socket }: Line, ask: Ask): number {
  const request: Request = { ...ask, number: ++asks };
  socket.write(`${JSON.stringify(request)}\n`);
  return request.number;
}

function open(): Line | undefined {
  const path = process.env[admissionVariable];
  if (!path) return undefined;
  if (line) return line.socket.destroyed ? undefined : line;
  const socket = connect(path);
  const waiting = new Map<number, () => void>();
  const goOn = (number: number) => {
    waiting.get(number)?.();
    waiting.delete(number);
  };
  onLines<Go>(socket, ({ go }) => goOn(go));
  // Whoever decided is gone: what is under way is finished, within the engine's own bounds.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => [...waiting.keys()].forEach(goOn));
  socket.unref(); // the engine's connection keeps this program alive, and nothing else
  line = { socket, waiting };
  return line;
}
