import { type ErrorData, type ErrorName, errors } from "../../../contracts/errors.ts";

export interface DouyinBody {
  status_code: number;
  status_msg: string;
}

/** The short-video envelope around an answer's fields. */
export function success(fields: object): object {
  return { status_code: 0, status_msg: "success", ...fields };
}

/** Its clients show `status_msg` to people and look at nothing else: it says which field is wrong. */
export function refusal(name: ErrorName, data: ErrorData | null): DouyinBody {
  const { douyin, message } = errors[name];
  const problems = data?.fields?.map(({ field, problem }) => `${field} ${problem}`) ?? [];
  return {
    status_code: douyin,
    status_msg: problems.length === 0 ? message : `${message}: ${problems.join("; ")}`,
  };
}
