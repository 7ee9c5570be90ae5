import { domainToUnicode } from "node:url";

import { asciiLook, scriptsOf, skeletons } from "./confusables";
import { printable, quote } from "./problem";
import type { Finding } from "./problem";
import { codePoint } from "./text";

/** First labels that belong to the platform, or that software and people trust without asking. */
const reserved = [
  ..."admin api autoconfig autodiscover cdn console dns ftp gateway hostmaster imap ingress isatap localhost login".split(
    " ",
  ),
  ..."mail main pay platform pop pop3 postmaster root smtp static status traefik webmail webmaster wpad www".split(
    " ",
  ),
];
const numbered = /^(?:www|ns|mx|mail|smtp|dns)[0-9]+$/;
const reservedLooks = new Map(reserved.flatMap((word) => skeletons(word).map((look) => [look, word])));

/** Why `host` cannot be the host name of a substation. That it lies in the platform's zone is not known here. */
export function hostFinding(host: string): Finding | undefined {
  if (host.length > 253)
    return { code: "host/syntax", why: `it has ${host.length} characters; a host name has at most 253` };
  return foreignFinding(host) ?? syntaxFinding(host) ?? reservedFinding(host);
}

function foreignFinding(host: string): Finding | undefined {
  const strange = /[^\x20-\x7e]/u.exec(host)?.[0];
  if (strange === undefined) return undefined;
  const look = asciiLook(host);
  const mixed = host
    .split(".")
    .map(scriptsOf)
    .find((scripts) => scripts.length > 1);
  const why = `it contains ${quote(strange)} (${codePoint(strange)})${mixed ? ` and mixes the scripts ${mixed.join(" and ")} in one label` : ""}`;
  return look === undefined
    ? { code: "host/syntax", why: `${why}; use a-z, 0-9 and "-" only` }
    : { code: "host/lookalike", why: `${why}, which passes for "${look}"; type it anew in a-z, 0-9 and "-"` };
}

function syntaxFinding(host: string): Finding | undefined {
  const syntax = (why: string): Finding => ({ code: "host/syntax", why });
  const name = host
    .trim()
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, "");
  const bare = name.replace(/[/?#].*$/, "").replace(/:[0-9]*$/, "");
  if (bare !== host.toLowerCase())
    return syntax(`a host name alone is wanted, no scheme, port, path or space; write ${quote(bare)}`);
  if (host === "") return syntax("write a name below the platform's zone, like <id>.<zone>");
  if (host.endsWith(".")) return syntax(`it ends with a dot; write ${quote(host.replace(/\.+$/, ""))}`);
  if (host.includes("*")) return syntax("a wildcard would take every substation's visitors; name one host");
  if (host.includes("_")) return syntax('"_" is for service records and reserved; use a-z, 0-9 and "-"');
  if (host !== host.toLowerCase()) return syntax(`write it in lower case: ${quote(host.toLowerCase())}`);
  const labels = host.split(".");
  for (const label of labels) {
    if (label === "") return syntax("it has an empty label; remove the dot too many");
    if (label.length > 63)
      return syntax(`its label ${quote(label, 20)} has ${label.length} characters; at most 63 are allowed`);
    const strange = /[^a-z0-9-]/.exec(label)?.[0];
    if (strange !== undefined) return syntax(`it contains ${quote(strange)}; use a-z, 0-9 and "-"`);
    if (/^-|-$/.test(label)) return syntax(`its label "${label}" begins or ends with "-"; remove that`);
    if (/^..--/.test(label)) return punycodeFinding(label);
  }
  if (/^[0-9]+$/.test(labels.at(-1) ?? ""))
    return syntax("it ends in a number like an IP address; write a host name");
  if (labels.length < 3) {
    return syntax(
      "it is the top of a zone, which belongs to the platform; write a name below it, like <id>.<zone>",
    );
  }
  return undefined;
}

function punycodeFinding(label: string): Finding {
  const shown = label.startsWith("xn--") ? domainToUnicode(label) : "";
  const reads = shown && shown !== label ? `, which browsers may show as "${printable(shown)}"` : "";
  return {
    code: "host/punycode",
    why: `its label "${label}" is punycode${reads}; use a plain name of a-z, 0-9 and "-"`,
  };
}

function reservedFinding(host: string): Finding | undefined {
  const [label = ""] = host.split(".");
  const instead = "choose another first label, like the substation's id";
  if (reserved.includes(label) || numbered.test(label)) {
    return { code: "host/reserved", why: `"${label}" is reserved for the platform; ${instead}` };
  }
  const word = skeletons(label)
    .map((look) => reservedLooks.get(look))
    .find((found) => found !== undefined);
  return word === undefined
    ? undefined
    : { code: "host/lookalike", why: `"${label}" passes for the reserved "${word}"; ${instead}` };
}
