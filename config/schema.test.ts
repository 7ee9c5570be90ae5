import { fleetOf, goodFile } from "./testFleet";

const alone = (text: string): string[] =>
  fleetOf({ "demo/mengxiang.yaml": text }).lines.map((line) =>
    line.replace("stacks/demo/mengxiang.yaml:", ""),
  );
const digest = `sha256:${"a".repeat(64)}`;
const shareForm = 'the form is a percentage from 0% to 100% with at most two decimals, like "12.5%"';
const sizeForm = 'the form is a whole number, a space, and MB or GB, like "512 MB"';
const keys =
  "title, tier, owner, domain, image, revenueShare, markup, template, variables, modules, channels, resources, secretVersions, suspended";

// Each changes one thing of the good file; the expected lines are all that is printed.
// prettier-ignore
test.each<[change: string, from: string, to: string, expected: string[]]>([
  ["a number for text", "title: 梦想点卡", "title: 0123", ['1:8  value/type  title is 0123, a number: text is wanted; put it in quotes: "0123".']],
  ["a float for text", "title: 梦想点卡", "title: 1e3", ['1:8  value/type  title is 1e3, a number: text is wanted; put it in quotes: "1e3".']],
  ["yes, which is text since YAML 1.2", "title: 梦想点卡", "title: yes", []],
  ["true for text", "title: 梦想点卡", "title: true", ['1:8  value/type  title is true, a truth value: text is wanted; put it in quotes: "true".']],
  ["no value", "title: 梦想点卡", "title: # to come", ["1:1  value/type  title is empty: give it a value, like title: 梦想点卡."]],
  ["null", "title: 梦想点卡", "title: ~", ["1:1  value/type  title is empty: give it a value, like title: 梦想点卡."]],
  ["a list for text", "title: 梦想点卡", "title: [a]", ["1:8  value/type  title is a list: text is wanted, on the same line."]],
  ["text for keys", "domain:\n  host: mengxiang.substation.test", "domain: x", ['6:9  value/type  domain is "x": keys and values are wanted, one "key: value" a line, indented below it.']],
  ["a line break in a title", "title: 梦想点卡", 'title: "a\\nb"', ['1:8  value/text  title is "a\\nb": it contains a line break; write one line of visible characters.']],
  ["a zero-width space", "title: 梦想点卡", 'title: "a\\u200bb"', ['1:8  value/text  title is "a\\u200bb": it contains the invisible character U+200B; write one line of visible characters.']],
  ["an escaped bidirectional control", "title: 梦想点卡", 'title: "a\\u202eb"', ['1:8  value/text  title is "a\\u202eb": it contains the invisible character U+202E; write one line of visible characters.']],
  ["41 characters", "title: 梦想点卡", `title: ${"字".repeat(41)}`, [`1:8  value/text  title is "${"字".repeat(41)}": it has 41 characters; write 1 to 40.`]],
  ["40 characters outside the basic plane", "title: 梦想点卡", `title: ${"𠮷".repeat(40)}`, []],
  ["an unknown key", "contact:", "contcat:", ["3:1  key/missing  owner.contact is missing: add it, like contact: 微信 mengxiang88.", '5:3  key/unknown  owner.contcat is no key here: did you mean "contact"? The keys are name, contact, crmId.']],
  ["a key in the wrong place", "tier: standard", "tier: standard\nhost: a.b.c", ["3:1  key/unknown  host is no key here: it belongs below domain."]],
  ["a key that nobody knows", "tier: standard", "tier: standard\nfeatures: []", [`3:1  key/unknown  features is no key here: the keys are ${keys}.`]],
  ["a list for keys", "tier: standard", "tier: standard\nmodules: []", ['3:10  value/type  modules is a list: keys and values are wanted, one "key: value" a line, indented below it.']],
  ["a tier with a typing mistake", "tier: standard", "tier: Standrad", ['2:7  tier/unknown  tier is "Standrad": did you mean "standard"? The tiers of tiers.yaml are trial, standard, professional.']],
  ["a tier that there is not", "tier: standard", "tier: vip", ['2:7  tier/unknown  tier is "vip": there is no such tier; those of tiers.yaml are trial, standard, professional.']],
  ["a share without a sign", "12.5%", "12.5", [`8:15  value/type  revenueShare is 12.5, a number: write "12.5%"; ${shareForm}.`]],
  ["a share as a ratio", "12.5%", "0.125", [`8:15  value/type  revenueShare is 0.125, a number: write "12.5%" or "0.12%" or "0.13%"; ${shareForm}.`]],
  ["a third decimal", "12.5%", "12.555%", [`8:15  unit/share  revenueShare is "12.555%": write "12.55%" or "12.56%"; ${shareForm}.`]],
  ["more than all", "12.5%", "100.01%", [`8:15  unit/share  revenueShare is "100.01%": ${shareForm}.`]],
  ["more than the tier allows", "tier: standard", "tier: trial\nresources: { memory: 512 MB, cpus: 2 }", ["3:22  tier/exceeded  resources.memory is 512 MB: the tier trial (体验版) allows 128 MB; write that or less, or choose a tier that allows it: professional.", "3:36  tier/exceeded  resources.cpus is 2: the tier trial (体验版) allows 0.25; write that or less; no tier allows more than its own."]],
  ["a size without a unit", "tier: standard", "tier: standard\nresources: { memory: 128 }", [`3:22  value/type  resources.memory is 128, a number: write "128 MB"; ${sizeForm}.`]],
  ["another tool's size", "tier: standard", "tier: standard\nresources: { memory: 128Mi }", [`3:22  unit/size  resources.memory is "128Mi": write "128 MB"; ${sizeForm}.`]],
  ["too little to live", "tier: standard", "tier: standard\nresources: { memory: 8 MB, processes: 4, cpus: 0 }", ['3:22  value/range  resources.memory is "8 MB": the least that works is 64 MB; write that or more.', "3:39  value/range  resources.processes is 4, a number: write at least 16.", "3:48  value/range  resources.cpus is 0, a number: write at least 0.05."]],
  ["numbers that are none", "tier: standard", 'tier: standard\nresources: { processes: 20.5, cpus: "0.5", databaseConnections: .inf }', ["3:25  value/type  resources.processes is 20.5, a number: a whole number is wanted.", '3:37  value/type  resources.cpus is "0.5": a number is wanted; write 0.5 without quotes.', "3:65  value/type  resources.databaseConnections is .inf, a number: a finite number is wanted."]],
  ["an image by tag", "tier: standard", "tier: standard\nimage: r.example:5000/shop:1.2", ['3:8  image/tag  image is "r.example:5000/shop:1.2": a tag can be moved to another image at any time, a digest cannot; write name@sha256:<64 hex digits>, as "docker image inspect --format \'{{index .RepoDigests 0}}\' r.example:5000/shop:1.2" prints it.']],
  ["an image by tag and digest", "tier: standard", `tier: standard\nimage: shop:1@${digest}`, [`3:8  image/tag  image is "shop:1@${digest}": the digest alone names the image; write "shop@${digest}".`]],
  ["half a digest", "tier: standard", "tier: standard\nimage: shop@sha256:abc", ['3:8  image/syntax  image is "shop@sha256:abc": a sha256 digest is 64 of 0-9 and a-f, this is "abc" of 3 characters; copy the whole digest.']],
  ["an image on the host", "tier: standard", `tier: standard\nimage: ${digest}`, []],
  ["a duplicate key", "tier: standard", "tier: standard\ntitle: 又一个", ['3:1  yaml/duplicate-key  "title" stands in line 1 already: keep one of them.']],
  ["an anchor and an alias", "title: 梦想点卡\ntier: standard", "title: &t 梦想点卡\ntier: *t", ['1:11  yaml/alias  The anchor "&t" gives this value a name: remove it and write values out.', '2:7  yaml/alias  "*t" is an alias, which stands for a value elsewhere: write the value out, or put it in quotes if it is meant so.']],
  ["a merge key", "tier: standard", "tier: standard\n<<: { image: x }", [`3:1  key/unknown  "<<" is no key here: the keys are ${keys}.`]],
  ["a key of every object", "tier: standard", "tier: standard\n__proto__: { polluted: 1 }", [`3:1  key/unknown  __proto__ is no key here: the keys are ${keys}.`]],
  ["a tag", "12.5%", "!!binary MTIuNSU=", ['8:24  yaml/tag  The tag "tag:yaml.org,2002:binary" changes how the value is read: remove it.']],
  ["a tag that nobody knows", "12.5%", "!e!x 12.5%", ['8:15  yaml/tag  This is not YAML, at "!e!x 12.5%" (Could not resolve tag: !e!x): correct the line.']],
  ["a key that is no text", "tier: standard", "tier: standard\n5: x", ['3:1  yaml/key  "5" is no text and cannot be a key: write a word.']],
  ["an open quote", "title: 梦想点卡", 'title: "梦想', ['1:8  yaml/syntax  This is not YAML, at "\\"梦想" (Missing closing "quote): add what is missing (a space after ":", a closing quote or bracket).']],
  ["a tab", "  host", "\thost", ['7:1  yaml/syntax  This is not YAML, at "host: mengxiang.substation.test" (Tabs are not allowed as indentation): indent with spaces.']],
  ["a second document", "tier: standard", "tier: standard\n---\n", ["1:1  key/missing  domain is missing: add it, with host below it.", "1:1  key/missing  owner is missing: add it, with name and contact below it.", "1:1  key/missing  revenueShare is missing: add it, like revenueShare: 12.5%.", "3:1  yaml/documents  Here begins a second document: write one file for each substation."]],
  ["a directive", "title:", "%YAML 1.1\n---\ntitle:", ['1:1  yaml/directive  The directive "%YAML 1.1" changes how YAML is read: remove it.']],
  ["a control character in a comment", "tier: standard", "tier: standard # \u0000", ["2:18  text/character  Here stands the invisible character U+0000: remove it."]],
  ["text that reads otherwise", "tier: standard", "tier: standard # \u202e", ["2:18  text/character  Here stands the invisible character U+202E: remove it."]],
  ["a byte order mark", "title:", "\uFEFFtitle:", ["1:1  text/bom  The file begins with a byte order mark (U+FEFF), which other tools stumble over: save it as UTF-8 without BOM."]],
])("%s", (_, from, to, expected) => {
  expect(goodFile).toContain(from);
  expect(alone(goodFile.replace(from, () => to))).toEqual(expected);
});
