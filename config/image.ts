import type { Finding } from "./problem";
import { quote } from "./problem";

const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const registry = "[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?";
const digest = "sha256:[0-9a-f]{64}";

/** `registry/name@sha256:<64 hex>`, or `sha256:<64 hex>` for an image that the host has already. */
export const imagePattern = `^(?:(?:${registry}/)?${component}(?:/${component})*@)?${digest}$`;
const allowed = new RegExp(imagePattern);

/** Why `image` does not name one image for good. */
export function imageFinding(image: string): Finding | undefined {
  const syntax = (why: string): Finding => ({ code: "image/syntax", why });
  if (image.length > 255) return syntax(`it has ${image.length} characters; at most 255 are allowed`);
  if (allowed.test(image)) return undefined;
  const [name = "", hash] = image.split("@", 2);
  const tag = /^(.+):([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(name);
  if (hash !== undefined && tag && !tag[2]?.includes("/") && allowed.test(`${tag[1]}@${hash}`)) {
    return { code: "image/tag", why: `the digest alone names the image; write "${tag[1]}@${hash}"` };
  }
  const given = /sha256:([^@]*)$/.exec(image)?.[1];
  if (given === undefined && hash !== undefined)
    return syntax("what follows @ is sha256: and 64 of 0-9 and a-f; write name@sha256:<64 hex digits>");
  if (given === undefined) {
    return {
      code: "image/tag",
      why: `a tag can be moved to another image at any time, a digest cannot; write name@sha256:<64 hex digits>, as "docker image inspect --format '{{index .RepoDigests 0}}' ${quote(image, 60).slice(1, -1)}" prints it`,
    };
  }
  if (/^[0-9a-fA-F]{64}$/.test(given) && given !== given.toLowerCase())
    return syntax("write the digest in lower case");
  if (!/^[0-9a-f]{64}$/.test(given)) {
    return syntax(
      `a sha256 digest is 64 of 0-9 and a-f, this is ${quote(given, 12)} of ${given.length} characters; copy the whole digest`,
    );
  }
  return syntax("write registry/name@sha256:<64 hex digits>, the name in lower case");
}
