import { MAX_ID } from "../../../contracts/param-rules.ts";

/** Validator rules that many routes share. */
export const id = { type: "number", integer: true, min: 1, max: MAX_ID } as const;

/** `action_type`: one of these. */
export const actionType = (...values: number[]) => ({ type: "enum", values }) as const;
