import { Hono } from "hono";
import { BADGE_MAX_AGE_S, badgeJson, badgeSvg } from "../../badge/render.ts";
import { badgeText, unknownText } from "../../badge/text.ts";
import { ProblemError } from "../../problems.ts";
import { type BadgeOf, readBadge } from "../../registry/read-badge.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { cached } from "../middleware/etag.ts";
import { Digest, Slug } from "../schemas/common.ts";

const cacheControl = `public, max-age=${BADGE_MAX_AGE_S}, s-maxage=${BADGE_MAX_AGE_S}, stale-while-revalidate=600`;

const svgHeaders = {
  "Content-Type": "image/svg+xml; charset=utf-8",
  "Cache-Control": cacheControl,
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
};

/** The format is the suffix, never negotiated: caches keep one answer per address. */
export const badgeRoutes = new Hono<AppEnv>()
  .get("/badge/build/:file{.+\\.(?:svg|json)}", (c) => {
    const { name, suffix } = split(c.req.param("file"));
    const known = Digest.safeParse(name).success;
    return answer(c, suffix, known ? { build: name } : null, shorten(name));
  })
  .get("/badge/:vendor/:file{[^/]+\\.(?:svg|json)}", (c) => {
    const { name, suffix } = split(c.req.param("file"));
    return answerFor(c, suffix, c.req.param("vendor"), name);
  })
  .get("/badge/:vendor/:backend/:file{[^/]+\\.(?:svg|json)}", (c) => {
    const { name, suffix } = split(c.req.param("file"));
    return answerFor(c, suffix, c.req.param("vendor"), c.req.param("backend"), name);
  });

function split(file: string): { name: string; suffix: "svg" | "json" } {
  const dot = file.lastIndexOf(".");
  return { name: file.slice(0, dot), suffix: file.slice(dot + 1) as "svg" | "json" };
}

function answerFor(
  c: AppContext,
  suffix: "svg" | "json",
  vendor: string,
  backend: string,
  group?: string,
): Promise<Response> {
  const known = Slug.safeParse(vendor).success && Slug.safeParse(backend).success;
  const about = `${shorten(vendor)}/${shorten(backend)}${group ? ` ${shorten(group)}` : ""}`;
  return answer(c, suffix, known ? { vendor, backend, ...(group ? { group } : {}) } : null, about);
}

/** Text of the address may end in the picture, so it is cut; escaping is the renderer's. */
function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** @throws ProblemError not-found, for JSON alone: a picture in a README must not break */
async function answer(c: AppContext, suffix: "svg" | "json", of: BadgeOf | null, about: string): Promise<Response> {
  const badge = of ? await readBadge(c.env, of) : null;
  if (suffix === "svg") return cached(c, badgeSvg(badge ? badgeText(badge) : unknownText(about)), svgHeaders);
  if (!badge) throw new ProblemError("not-found", `There is no published result of ${about}.`);
  return cached(c, JSON.stringify(badgeJson(badgeText(badge))), {
    "Content-Type": "application/json",
    "Cache-Control": cacheControl,
  });
}
