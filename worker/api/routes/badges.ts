import { Hono } from "hono";
import { BADGE_MAX_AGE_S, badgeJson, badgeSvg } from "../../badge/render.ts";
import { badgeText, unknownText } from "../../badge/text.ts";
import type { Env } from "../../env.ts";
import { ProblemError } from "../../problems.ts";
import { keptRead } from "../../registry/kept.ts";
import { type BadgeOf, badgeQuery, badgeView } from "../../registry/read-badge.ts";
import type { BadgeView } from "../../registry/views.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { answerTagged, type Tagged, tagged } from "../middleware/etag.ts";
import { Digest, Slug } from "../schemas/common.ts";

const cacheControl = `public, max-age=${BADGE_MAX_AGE_S}, s-maxage=${BADGE_MAX_AGE_S}, stale-while-revalidate=600`;

const svgHeaders = {
  "Content-Type": "image/svg+xml; charset=utf-8",
  "Cache-Control": cacheControl,
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
};

const jsonHeaders = { "Content-Type": "application/json", "Cache-Control": cacheControl };

type Suffix = "svg" | "json";

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

function bodyOf(env: Env, suffix: Suffix, of: BadgeOf, about: string): Promise<Tagged | null> {
  return keptRead(env, `badge ${suffix} ${JSON.stringify(of)}`, badgeQuery(of), async (json) => {
    const value = await pictureOf(await badgeView(json, of), suffix, about);
    return { value, sizeBytes: value?.bytes.length ?? 0, lasting: true };
  });
}

/** Null for data that there is not; a picture says `unknown`. */
async function pictureOf(badge: BadgeView | null, suffix: Suffix, about: string): Promise<Tagged | null> {
  if (suffix === "svg") return tagged(badgeSvg(badge ? badgeText(badge) : unknownText(about)));
  return badge && tagged(JSON.stringify(badgeJson(badgeText(badge))));
}

function split(file: string): { name: string; suffix: Suffix } {
  const dot = file.lastIndexOf(".");
  return { name: file.slice(0, dot), suffix: file.slice(dot + 1) as Suffix };
}

function answerFor(c: AppContext, suffix: Suffix, vendor: string, backend: string, group?: string): Promise<Response> {
  const known = Slug.safeParse(vendor).success && Slug.safeParse(backend).success;
  const about = `${shorten(vendor)}/${shorten(backend)}${group ? ` ${shorten(group)}` : ""}`;
  return answer(c, suffix, known ? { vendor, backend, ...(group ? { group } : {}) } : null, about);
}

/** Text of the address may end in the picture, so it is cut; escaping is the renderer's. */
function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** @throws ProblemError not-found, for JSON alone: a picture in a README must not break */
async function answer(c: AppContext, suffix: Suffix, of: BadgeOf | null, about: string): Promise<Response> {
  const body = of ? await bodyOf(c.env, suffix, of, about) : await pictureOf(null, suffix, about);
  if (!body) throw new ProblemError("not-found", `There is no published result of ${about}.`);
  return answerTagged(c, body, suffix === "svg" ? svgHeaders : jsonHeaders);
}
