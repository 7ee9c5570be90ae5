import { asciiLook } from "./confusables";
import { hostFinding } from "./hosts";

test.each([
  "mengxiang.substation.test",
  "m-1.shops.example.com",
  "mall.substation.test", // "mail" with another letter, not with one that looks like it
  "game2.substation.test",
  `${"a".repeat(63)}.substation.test`,
])("%s is a host name", (host) => {
  expect(hostFinding(host)).toBeUndefined();
});

const instead = "choose another first label, like the substation's id";
// prettier-ignore
test.each([
  ["", "host/syntax", "write a name below the platform's zone, like <id>.<zone>"],
  ["substation.test", "host/syntax", "it is the top of a zone, which belongs to the platform; write a name below it, like <id>.<zone>"],
  ["MengXiang.s.test", "host/syntax", 'write it in lower case: "mengxiang.s.test"'],
  ["m.s.test.", "host/syntax", 'it ends with a dot; write "m.s.test"'],
  ["http://M.s.test:8080/a?b", "host/syntax", 'a host name alone is wanted, no scheme, port, path or space; write "m.s.test"'],
  [" m.s.test", "host/syntax", 'a host name alone is wanted, no scheme, port, path or space; write "m.s.test"'],
  ["*.s.test", "host/syntax", "a wildcard would take every substation's visitors; name one host"],
  ["_acme-challenge.s.test", "host/syntax", '"_" is for service records and reserved; use a-z, 0-9 and "-"'],
  ["a..s.test", "host/syntax", "it has an empty label; remove the dot too many"],
  ["a@b.s.test", "host/syntax", 'it contains "@"; use a-z, 0-9 and "-"'],
  ["-a.s.test", "host/syntax", 'its label "-a" begins or ends with "-"; remove that'],
  [`${"a".repeat(64)}.s.test`, "host/syntax", 'its label "aaaaaaaaaaaaaaaaaaaa…" has 64 characters; at most 63 are allowed'],
  ["a.".repeat(126) + "test", "host/syntax", "it has 256 characters; a host name has at most 253"],
  ["10.87.0.1", "host/syntax", "it ends in a number like an IP address; write a host name"],
  ["梦想.s.test", "host/syntax", 'it contains "梦" (U+68A6); use a-z, 0-9 and "-" only'],
  ["xn--fiq228c.s.test", "host/punycode", 'its label "xn--fiq228c" is punycode, which browsers may show as "中文"; use a plain name of a-z, 0-9 and "-"'],
  ["ab--c.s.test", "host/punycode", 'its label "ab--c" is punycode; use a plain name of a-z, 0-9 and "-"'],
  ["www.s.test", "host/reserved", `"www" is reserved for the platform; ${instead}`],
  ["ns2.s.test", "host/reserved", `"ns2" is reserved for the platform; ${instead}`],
  ["adm1n.s.test", "host/lookalike", `"adm1n" passes for the reserved "admin"; ${instead}`],
  ["rnail.s.test", "host/lookalike", `"rnail" passes for the reserved "mail"; ${instead}`],
  ["vvww.s.test", "host/lookalike", `"vvww" passes for the reserved "www"; ${instead}`],
  ["mengxi\u0430ng.s.test", "host/lookalike", 'it contains "\u0430" (U+0430) and mixes the scripts Latin and Cyrillic in one label, which passes for "mengxiang.s.test"; type it anew in a-z, 0-9 and "-"'],
  ["\u0430\u0440\u0440\u04cf\u0435.s.test", "host/lookalike", 'it contains "\u0430" (U+0430), which passes for "apple.s.test"; type it anew in a-z, 0-9 and "-"'],
  ["mengxiang\u3002s\u3002test", "host/lookalike", 'it contains "\u3002" (U+3002), which passes for "mengxiang.s.test"; type it anew in a-z, 0-9 and "-"'],
  ["meng\u200bxiang.s.test", "host/lookalike", 'it contains "\\u200b" (U+200B), which passes for "mengxiang.s.test"; type it anew in a-z, 0-9 and "-"'],
])("%p is refused as %s", (host, code, why) => {
  expect(hostFinding(host)).toEqual({ code, why });
});

test("letters of other scripts, widths and styles are read as the ASCII letters that they pass for", () => {
  const looks = ["ａdmin", "αdmin", "аdmіn", "ádmin", "𝐚𝐝𝐦𝐢𝐧", "ⓐdmin", "admın", "AdMiN"];
  expect(looks.map(asciiLook)).toEqual(looks.map(() => "admin"));
  expect(asciiLook("梦想")).toBeUndefined();
});
