import fc from "fast-check";
import type { DeclaredOperation, Parameter } from "../../support/api-description.ts";
import { hostileName, hostileText, hostileValue } from "../../support/hostile.ts";

type Pair = [name: string, value: unknown];

/** Who a request says it comes from; the test knows the tokens. */
export const identities = [
  "nobody",
  "owner",
  "bystander",
  "stranger",
  "expired",
  "forged",
] as const;
export type Identity = (typeof identities)[number];

/** One request to be sent, as data, so that a failure can be read and repeated. */
export interface Shot {
  operation: string;
  query: Pair[];
  body: { kind: "none" | "json" | "form"; pairs: Pair[] };
  identity: Identity;
}

/** Values that a parameter takes, by its name. */
export type RightValues = (operation: string, parameter: string) => unknown[];

/** Requests to one of the operations, in which any part may be wrong, or none. */
export function shotAt(
  operations: readonly DeclaredOperation[],
  right: RightValues,
): fc.Arbitrary<Shot> {
  return fc.constantFrom(...operations).chain((operation) =>
    fc
      .record({
        given: fc.tuple(
          ...operation.parameters.map((parameter) => pairOf(operation, parameter, right)),
        ),
        more: fc.oneof(
          { weight: 4, arbitrary: fc.constant([] as Pair[]) },
          {
            weight: 1,
            arbitrary: fc.array(fc.tuple(hostileName, hostileValue), { maxLength: 3 }),
          },
        ),
        identity: fc.constantFrom(...identities, "owner", "bystander", "bystander"),
        kind: fc.constantFrom("none", "json", "form"),
        places: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      })
      .map(({ given, more, identity, kind, places }): Shot => {
        const pairs = [...given.flat(), ...more];
        const isInQuery = (i: number) => kind === "none" || places[i % places.length];
        return {
          operation: operation.name,
          query: pairs.filter((_, i) => isInQuery(i)),
          body: { kind, pairs: pairs.filter((_, i) => !isInQuery(i)) },
          identity,
        };
      }),
  );
}

/** A parameter as it should be, wrong, absent, or there twice. */
function pairOf(
  operation: DeclaredOperation,
  { name }: Parameter,
  right: RightValues,
): fc.Arbitrary<Pair[]> {
  const rightPair = fc
    .constantFrom(...right(operation.name, name))
    .map((value): Pair[] => [[name, value]]);
  const wrongPair = hostileValue.map((value): Pair[] => [[name, value]]);
  return fc.oneof(
    { weight: 8, arbitrary: rightPair },
    { weight: 4, arbitrary: wrongPair },
    { weight: 1, arbitrary: fc.constant<Pair[]>([]) },
    { weight: 1, arbitrary: fc.tuple(rightPair, wrongPair).map((both) => both.flat()) },
  );
}

/** JSON with these members, in this order, repeated and strange names included. */
export function jsonOf(pairs: readonly Pair[]): string {
  const members = pairs.map(([name, value]) => `${JSON.stringify(name)}:${literal(value)}`);
  return `{${members.join(",")}}`;
}

function literal(value: unknown): string {
  if (value === 0 && Object.is(value, -0)) return "-0";
  return JSON.stringify(value) ?? "null";
}

/** Pairs as a query or form has them; lone surrogates as the bytes that no UTF-8 has. */
export function formOf(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${percent(name)}=${percent(asText(value))}`).join("&");
}

function asText(value: unknown): string {
  return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value);
}

function percent(text: string): string {
  if (text.isWellFormed()) return encodeURIComponent(text);
  return [...text].map((c) => (c.isWellFormed() ? encodeURIComponent(c) : "%ED%A0%80")).join("");
}

/** A token that differs from a genuine one somewhere. */
export function tampered(genuine: string): fc.Arbitrary<string> {
  // The last character of a signature has two bits that mean nothing.
  const at = fc.integer({ min: 1, max: genuine.length - 2 });
  const characters = "ABCxyz019-_.=%";
  return fc.oneof(
    fc
      .tuple(at, fc.constantFrom(...characters))
      .filter(([i, character]) => genuine[i] !== character)
      .map(([i, character]) => genuine.slice(0, i) + character + genuine.slice(i + 1)),
    at.map((i) => genuine.slice(0, i)),
    fc.tuple(at, fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 5 })).map(
      // What is between is trimmed away at the ends of a header's value.
      ([i, more]) => `${genuine.slice(0, i)}${more}.${genuine.slice(i)}`,
    ),
    fc.constantFrom(`${genuine}.`, `.${genuine}`, `${genuine}${genuine}`, `${genuine},x`),
    hostileText.filter((text) => text !== "" && /^[\x21-\x7e]+$/.test(text)),
  );
}
