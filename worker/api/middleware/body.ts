import { createMiddleware } from "hono/factory";
import { BODY_TIMEOUT_MS } from "../../limits.ts";
import { readCapped } from "../../outbound.ts";
import { ProblemError } from "../../problems.ts";
import type { AppEnv } from "../app-env.ts";

/**
 * Reads the body into `c.var.body`, under a cap that holds whatever Content-Length says.
 * @throws ProblemError length-required, too-large, unsupported-media-type
 */
export function body(mediaType: "multipart/form-data" | "application/json", maxBytes: number) {
  return createMiddleware<AppEnv>(async function readBody(c, next) {
    const type = c.req.header("Content-Type") ?? "";
    if (type.split(";", 1)[0]?.trim().toLowerCase() !== mediaType) {
      throw new ProblemError(
        "unsupported-media-type",
        `The body is "${type.slice(0, 80)}"; this address takes ${mediaType}.`,
      );
    }
    const length = c.req.header("Content-Length");
    if (length === undefined || !/^\d{1,15}$/.test(length)) {
      throw new ProblemError("length-required", "The request has no valid Content-Length.");
    }
    const tooLarge = (): never => {
      throw new ProblemError(
        "too-large",
        `The body is larger than ${maxBytes} bytes, which is the limit of this address.`,
      );
    };
    if (Number(length) > maxBytes) tooLarge();
    const bytes = await readCapped(c.req.raw.body, maxBytes, tooLarge, BODY_TIMEOUT_MS);
    if (bytes.length !== Number(length)) {
      throw new ProblemError(
        "malformed-request",
        `${bytes.length} bytes of the body came within ${BODY_TIMEOUT_MS / 1000} s; Content-Length says ${length}.`,
      );
    }
    c.set("body", bytes);
    await next();
  });
}
