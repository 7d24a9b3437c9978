import { Hono } from "hono";
import { now } from "../../clock.ts";
import { messageParts, verifyMessage } from "../../hooks/ci.ts";
import { takeGithub } from "../../hooks/github.ts";
import { submit } from "../../intake/submit.ts";
import { GITHUB_BODY_MAX_BYTES, HOOK_BODY_MAX_BYTES, JSON_BODY_MAX_BYTES } from "../../limits.ts";
import { createHook } from "../../registry/create-hook.ts";
import { listHooks } from "../../registry/list-hooks.ts";
import { revokeHook, rotateSecret } from "../../registry/rotate-secret.ts";
import { accepted } from "../accepted.ts";
import type { AppEnv } from "../app-env.ts";
import { vendor } from "../middleware/auth.ts";
import { body } from "../middleware/body.ts";
import { parseJson } from "../parse.ts";
import { addressOf, chargeFetched, chargeSubmission } from "../quota.ts";
import { CiMessage } from "../schemas/ci-message.ts";
import { NewHookInput } from "../schemas/identity.ts";

export const hookRoutes = new Hono<AppEnv>()
  .get("/api/v1/hooks", vendor("manage"), async (c) => {
    const { origin } = new URL(c.req.url);
    return c.json({ hooks: await listHooks(c.env, c.var.vendor, origin) }, 200, { "Cache-Control": "no-store" });
  })
  .post("/api/v1/hooks", vendor("manage"), body("application/json", JSON_BODY_MAX_BYTES), async (c) => {
    const input = parseJson(NewHookInput, c.var.body);
    const { id, kind, secret } = await createHook(c.env, c.var.vendor, input, now(c.env, c.req.raw));
    const url = `${new URL(c.req.url).origin}/hooks/${kind}/${id}`;
    return c.json({ hook: { id, kind, url }, secret }, 201, { "Cache-Control": "no-store" });
  })
  .post("/api/v1/hooks/:id/rotate", vendor("manage"), async (c) => {
    const at = now(c.env, c.req.raw);
    return c.json(await rotateSecret(c.env, c.var.vendor, c.req.param("id"), at), 200, { "Cache-Control": "no-store" });
  })
  .post("/api/v1/hooks/:id/revoke", vendor("manage"), async (c) => {
    await revokeHook(c.env, c.var.vendor, c.req.param("id"), now(c.env, c.req.raw));
    return c.json({ hook: { id: c.req.param("id"), revoked: true } }, 200, { "Cache-Control": "no-store" });
  })
  .post("/hooks/ci/:id", body("application/json", HOOK_BODY_MAX_BYTES), async (c) => {
    const at = now(c.env, c.req.raw);
    const { vendor, hook, message, hosts } = await verifyMessage(
      c.env,
      c.req.param("id"),
      c.req.raw.headers,
      c.var.body,
      at,
    );
    await chargeSubmission(c, vendor, c.var.body.length, at);
    const { parts, fetchedBytes } = await messageParts(parseJson(CiMessage, c.var.body), hosts);
    if (fetchedBytes > 0) await chargeFetched(c, vendor, fetchedBytes, at);
    const delivery = { hook, message };
    const submission = { parts, vendor, provenance: "token", address: addressOf(c), delivery } as const;
    return accepted(c, await submit(c.env, submission, at));
  })
  .post("/hooks/github/:id", body("application/json", GITHUB_BODY_MAX_BYTES), async (c) => {
    const { headers } = c.req.raw;
    const delivery = { hook: c.req.param("id"), headers, body: c.var.body, address: addressOf(c) };
    const at = now(c.env, c.req.raw);
    const taken = await takeGithub(c.env, delivery, at, {
      submission: (vendor) => chargeSubmission(c, vendor, c.var.body.length, at),
      fetched: (vendor, sizeBytes) => chargeFetched(c, vendor, sizeBytes, at),
    });
    return "ignored" in taken ? c.json(taken, 200, { "Cache-Control": "no-store" }) : accepted(c, taken.accepted);
  });
