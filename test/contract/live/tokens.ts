import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ApiRequest } from "../../support/api-client.ts";
import { expiredToken, forgedTokens } from "../../support/tokens.ts";
import { api, bystander, NO_ROOM, newMember, server } from "./suite.ts";

const { token: signedOut } = await newMember();
await api.ok("POST /logout", { token: signedOut });

const guarded = api.description.operations.filter(({ access }) => access !== "open");
/** What gets past the check of parameters everywhere, but harms nothing. */
const harmless: ApiRequest = { query: { live_id: NO_ROOM } };

describe("access tokens", () => {
  for (const { name, access } of guarded) {
    if (access === "user")
      it(`are asked for by ${name}`, async () => {
        const { headers, data } = await api.refused(name, "NEED_LOGIN", harmless);
        assert.equal(headers["www-authenticate"], "Bearer");
        assert.equal(data, null);
        await api.refused(name, "NEED_LOGIN", {
          ...harmless,
          headers: { authorization: "Basic eDp5" },
        });
      });

    it(`that are expired are refused by ${name}`, async () => {
      const { user_id, username } = bystander;
      const token = await expiredToken(server.dataDir, { user_id, username });
      await api.refused(name, "TOKEN_EXPIRED", { ...harmless, token });
    });

    it(`that are forged are refused by ${name}`, async () => {
      const forged = await forgedTokens(server.dataDir, bystander.token);
      for (const [what, token] of Object.entries(forged)) {
        const { headers } = await api.refused(name, "TOKEN_INVALID", { ...harmless, token });
        assert.equal(headers["www-authenticate"], "Bearer", what);
      }
    });

    it(`of a session that was signed out are refused by ${name}`, async () => {
      await api.refused(name, "TOKEN_REVOKED", { ...harmless, token: signedOut });
    });
  }

  it("are taken from the query, a form or a JSON body where no header can be set", async () => {
    const { token, user_id } = bystander;
    for (const placement of ["query", "form", "json"] as const) {
      const { user } = await api.ok<{ user: { user_id: number } }>("GET /user/me", {
        [placement]: { token },
      });
      assert.equal(user.user_id, user_id, placement);
    }
  });

  it("are taken from the header first", async () => {
    const { token } = bystander;
    await api.ok("GET /user/me", { token, query: { token: "x" } });
    await api.refused("GET /user/me", "TOKEN_INVALID", { token: "x", query: { token } });
  });

  it("may be announced in any case", async () => {
    for (const scheme of ["bearer", "BEARER", "Bearer"])
      await api.ok("GET /user/me", { headers: { authorization: `${scheme} ${bystander.token}` } });
  });

  it("are refused where they are no text", async () => {
    for (const token of [1, true, ["x"], { x: "y" }])
      await api.refused("GET /user/me", "TOKEN_INVALID", { json: { token } });
  });

  it("are not looked at where nobody has to sign in", async () => {
    await api.ok("GET /room/live/list", { token: "x" });
    await api.ok("GET /room/live/list", { query: { token: "x" } });
  });
});
