import { Hono } from "hono";
import { sha256 } from "hono/utils/crypto";
import { liveModule } from "./live.ts";
import { style } from "./style.ts";

const assets = {
  "style.css": { body: style, type: "text/css; charset=utf-8" },
  "live.js": { body: liveModule, type: "text/javascript; charset=utf-8" },
};

export type AssetName = keyof typeof assets;

const paths = new Map<AssetName, Promise<string>>();

/** Address of an asset with the first 16 hex digits of its SHA-256 in it, so that it may be cached for ever. */
export function assetPath(name: AssetName): Promise<string> {
  const known = paths.get(name);
  if (known) return known;
  const path = sha256(assets[name].body).then((hex) => `/assets/${hex?.slice(0, 16)}/${name}`);
  paths.set(name, path);
  return path;
}

export const assetRoutes = new Hono().get("/assets/:digest/:name", async (c) => {
  const name = c.req.param("name");
  if (!Object.hasOwn(assets, name)) return c.notFound();
  const asset = name as AssetName;
  const current = (await assetPath(asset)) === c.req.path;
  // An old page may ask for an old digest: it gets today's file, but must not keep it under that name.
  const cache = current ? "public, max-age=31536000, immutable" : "no-store";
  return c.body(assets[asset].body, 200, {
    "content-type": assets[asset].type,
    "cache-control": cache,
    "x-content-type-options": "nosniff",
  });
});
