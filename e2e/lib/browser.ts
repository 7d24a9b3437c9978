import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { root } from "./registry.ts";

/** The packaged Chromium is built for this platform alone. */
export const hasBrowser = process.platform === "linux" && process.arch === "x64";
export const browserReason = "needs Chromium, which npm has for linux-x64 only";

/** Starts the Chromium that npm installed; unpacked once, into a folder named by its version. */
export async function launchBrowser(): Promise<Browser> {
  const folder = join(root, "node_modules/.cache/chromium-153");
  mkdirSync(folder, { recursive: true });
  process.env.TMPDIR = folder;
  // Makes the package unpack its own NSS, which a bare machine lacks.
  process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs24.x";
  const { default: packaged } = await import("@sparticuz/chromium");
  return chromium.launch({ executablePath: await packaged.executablePath(), args: ["--no-sandbox"] });
}
