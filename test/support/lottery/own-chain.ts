import { hash } from "node:crypto";
// Comes with drand-client, which verifies with it.
import { bls12_381 as bls } from "@noble/curves/bls12-381";
import type { ChainInfo } from "drand-client";
import type { Round } from "../../../services/lottery/drand-relay.ts";

const SECRET = 0x1234_5678_9abc_def0_1234_5678_9abc_def0n;
const DOMAIN = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/** Not drand: a chain whose secret tests know, so that they have rounds of the present. */
export function ownChain(times: { genesis_time: number; period: number }): ChainInfo {
  return {
    ...times,
    public_key: bls.G2.ProjectivePoint.BASE.multiply(SECRET).toHex(),
    hash: "0b".repeat(32),
    groupHash: "0c".repeat(32),
    schemeID: "bls-unchained-g1-rfc9380",
    metadata: { beaconID: "own" },
  };
}

/** That chain's round, as drand makes them: a signature of the round's number. */
export function ownRound(round: number): Round {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(round));
  const point = bls.G1.hashToCurve(hash("sha256", number, "buffer"), { DST: DOMAIN });
  const signature = bls.G1.ProjectivePoint.fromAffine(point.toAffine()).multiply(SECRET).toHex();
  return { round, signature, randomness: hash("sha256", Buffer.from(signature, "hex")) };
}
