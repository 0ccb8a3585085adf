import { fail } from "../../../../contracts/errors.ts";
import { params } from "../../../../contracts/params.ts";
import { ref } from "../../openapi/schemas.ts";
import { withUrls } from "../objects.ts";
import { type DouyinRoute, profileActions, route } from "../route.ts";
import { id } from "../rules.ts";

interface SignIn {
  username: string;
  password: string;
}

const session = { user_id: ref("Id"), token: { type: "string", description: "Good for a week" } };

export const accountRoutes: DouyinRoute[] = [
  route<SignIn>({
    method: "POST",
    path: "/douyin/user/register/",
    summary: "Create an account and sign in",
    tag: "people",
    auth: "none",
    signIn: true,
    errors: ["USER_EXISTS", "FEATURE_OFF", "REGISTER_FAILED"],
    params: params["user.join"],
    actions: ["user.join"],
    reply: "json",
    fields: session,
    perform: ({ call, params }) => call("user.join", params),
  }),
  route<SignIn>({
    method: "POST",
    path: "/douyin/user/login/",
    summary: "Sign in",
    tag: "people",
    auth: "none",
    signIn: true,
    errors: ["USER_NOT_FOUND", "WRONG_PASSWORD", "LOGIN_FAILED"],
    params: params["user.enter"],
    actions: ["user.enter"],
    reply: "json",
    fields: session,
    perform: ({ call, params }) => call("user.enter", params),
  }),
  route<{ user_id?: number }>({
    method: "GET",
    path: "/douyin/user/",
    summary: "A person, as the caller sees them",
    tag: "people",
    auth: "required",
    errors: ["USER_NOT_FOUND"],
    params: { user_id: { ...id, optional: true } },
    notes: { user_id: "The caller's own when absent" },
    actions: profileActions,
    reply: "json",
    fields: { user: ref("DouyinUser") },
    async perform(ask) {
      const wanted = ask.params.user_id ?? ask.viewer;
      const user = (await ask.profiles([wanted])).get(wanted) ?? fail("USER_NOT_FOUND");
      return { user: withUrls(user, ask.url) };
    },
  }),
];
