import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** For tests: the `openssl` command's opinion on what the gateways sign and seal. */

function inFolder<T>(
  files: Readonly<Record<string, string | Buffer>>,
  work: (at: (name: string) => string) => T,
): T {
  const folder = mkdtempSync(path.join(tmpdir(), "openssl-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
    return work((name) => path.join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `openssl dgst -sha256 -sign`, as base64. */
export const opensslSign = (text: string, privateKey: string): string =>
  inFolder({ key: privateKey, text }, (at) =>
    execFileSync("openssl", ["dgst", "-sha256", "-sign", at("key"), at("text")]).toString("base64"),
  );

/** `openssl dgst -sha256 -verify`. */
export const opensslVerifies = (text: string, signature: string, publicKey: string): boolean =>
  inFolder({ key: publicKey, text, signature: Buffer.from(signature, "base64") }, (at) => {
    try {
      execFileSync(
        "openssl",
        ["dgst", "-sha256", "-verify", at("key"), "-signature", at("signature"), at("text")],
        { stdio: "pipe" },
      );
      return true;
    } catch (error) {
      if (!String((error as { stdout?: Buffer }).stdout).includes("Verification failure")) throw error;
      return false;
    }
  });

/** `openssl md5`. */
export const opensslMd5 = (text: string): string =>
  execFileSync("openssl", ["dgst", "-md5", "-r"], { input: text }).toString().slice(0, 32);
