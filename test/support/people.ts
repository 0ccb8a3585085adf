import type { Context, ServiceSchema } from "moleculer";

/** Stands in for `user`: the people with these ids exist. */
export function people(...ids: number[]): ServiceSchema {
  const known = (ctx: Context<{ user_ids: number[] }>) =>
    ctx.params.user_ids.filter((id) => ids.includes(id));
  const named = (user_id: number) => ({ user_id, username: `user ${user_id}` });
  return {
    name: "user",
    actions: {
      brief: (ctx: Context<{ user_ids: number[] }>) => ({ users: known(ctx).map(named) }),
      cards: (ctx: Context<{ user_ids: number[] }>) => ({
        users: known(ctx).map((id) => ({
          ...named(id),
          avatar: "",
          background_image: "",
          signature: "",
        })),
      }),
    },
  };
}
