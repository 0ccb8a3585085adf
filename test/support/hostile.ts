import fc from "fast-check";

/** Texts that have broken one program or another. */
const hostileTexts = [
  "",
  " ",
  "\n",
  "\u0000",
  "a\u0000b",
  "\u001b[31mred",
  "\u007f",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\u200b\u200d",
  "\ud800",
  "a\udc00b",
  "\u202egnp.exe",
  "שלום\u200f مرحبا",
  "👩‍👩‍👧‍👦🏳️‍🌈",
  "e\u0301\u0323".repeat(20),
  "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!",
  "ﷺ".repeat(5),
  "x".repeat(31),
  "x".repeat(500),
  "🚀".repeat(251),
  "x".repeat(10_000),
  "' OR '1'='1' --",
  '"; DROP TABLE users; --',
  "1); DELETE FROM messages WHERE (1=1",
  "\\'; SELECT sleep(9); #",
  "%' AND 1=0 UNION SELECT password FROM users --",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "javascript:alert(1)",
  "]]></d><d p='1'>",
  "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
  "\r\nSet-Cookie: x=1",
  "x\r\nX-Injected: 1\r\n\r\n<html>",
  "%0d%0aX-Injected:%201",
  "data: x\n\nevent: end\ndata: {}\n\n",
  "../../../../etc/passwd",
  "..\\..\\windows\\win.ini",
  "$" + "{jndi:ldap://x/a}",
  "{{constructor.constructor('return 1')()}}",
  "%s%n%x",
  "$(reboot)`reboot`|reboot",
  "__proto__",
  "constructor",
  "toString",
  '{"$gt":""}',
  '{"__proto__":{"isAdmin":true}}',
  "null",
  "undefined",
  "true",
  "NaN",
  "{\\an8}\\N{\\p1}",
];

/** What stands where an id should. */
const hostileNumbers: unknown[] = [
  0,
  -0,
  -1,
  1,
  1.5,
  2 ** 31,
  2 ** 32 + 1,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e21,
  Number.MAX_VALUE,
  "0",
  "-1",
  "-0",
  "1e3",
  "1e309",
  "-1e309",
  "0x10",
  "0b1",
  "0o7",
  " 1",
  "1 ",
  "1\n",
  "+1",
  "01",
  "1.0",
  "1_000",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "１",
  "",
];

/** Any text, often one of those above, often of strange code units. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
      .map((units) => String.fromCharCode(...units)),
  },
);

const deep: fc.Arbitrary<unknown> = fc
  .tuple(fc.constantFrom("list", "object"), fc.integer({ min: 2, max: 2_000 }))
  .map(([kind, levels]) => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = kind === "list" ? [value] : { a: value };
    return value;
  });

/** Any JSON value, mostly a wrong one. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 4, arbitrary: fc.constantFrom(...hostileNumbers) },
  { weight: 1, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], "{}", "[]") },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }) },
  { weight: 1, arbitrary: deep },
);

/** Names that no endpoint knows, or that mean something to JavaScript. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "__proto__[x]",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "$$strict",
    "$req",
    "$res",
    "",
    "[]",
    "live_id[]",
    "live_id.x",
    "user",
    "meta",
    "admin",
    "x".repeat(5_000),
  ),
  hostileText,
);
