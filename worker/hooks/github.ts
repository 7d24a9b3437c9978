import { and, eq } from "drizzle-orm";
import type { BuildParts } from "../../conformance/runner/index.ts";
import { database } from "../db/client.ts";
import { deliveries, hookSecrets, hooks } from "../db/schema.ts";
import type { Env } from "../env.ts";
import { open } from "../identity/seal.ts";
import { type Accepted, submit } from "../intake/submit.ts";
import { OutboundError } from "../outbound.ts";
import { ProblemError } from "../problems.ts";
import { type Hint, PullError, pull } from "./github-pull.ts";
import { verifyGithub } from "./github-signature.ts";
import { ZipError } from "./zip.ts";

interface Delivery {
  hook: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
  /** As quotas count it. */
  address: string;
}

/** Charges a vendor; each throws if that is beyond its quota. */
interface Charges {
  /** Before anything is pulled. */
  submission(vendor: string): Promise<void>;
  /** For what was. */
  fetched(vendor: string, sizeBytes: number): Promise<void>;
}

/** What an event of GitHub led to: a build, or the reason why none was looked for. */
export type Taken = { accepted: Accepted } | { ignored: string };

/**
 * Takes in one delivery. It is marked as taken together with its build, so that one that failed may be redelivered.
 * @throws ProblemError not-found, malformed-request, signature-invalid, forbidden, fetch-failed, and those of `submit`
 */
export async function takeGithub(
  env: Env,
  { hook, headers, body, address }: Delivery,
  at: number,
  charge: Charges,
): Promise<Taken> {
  const message = headers.get("X-GitHub-Delivery") ?? "";
  if (!/^[0-9A-Za-z-]{1,64}$/.test(message)) {
    throw new ProblemError("malformed-request", "X-GitHub-Delivery is not an id of letters, digits and hyphens.");
  }
  const db = database(env);
  const [[row], secrets, taken] = await db.batch([
    db.select().from(hooks).where(eq(hooks.id, hook)),
    db.select().from(hookSecrets).where(eq(hookSecrets.hook, hook)),
    db
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.hook, hook), eq(deliveries.message, message))),
  ]);
  if (row?.kind !== "github" || row.revokedAt !== null || row.repositoryId === null) {
    throw new ProblemError("not-found", "There is no GitHub hook at this address.");
  }
  const valid = secrets.filter(({ notAfter }) => notAfter === null || notAfter > at);
  const keys = await Promise.all(valid.map(({ id, sealed }) => open(env.SECRETS_KEY, id, sealed)));
  await verifyGithub(keys, headers.get("X-Hub-Signature-256") ?? undefined, body);
  if (taken.length > 0) return { ignored: "This delivery was taken in before." };
  const hint = hintOf(headers.get("X-GitHub-Event"), body, row.repositoryId);
  if ("ignored" in hint) return hint;
  const { vendor } = row;
  await charge.submission(vendor);
  const parts = await pulled(env, row.repositoryId, hint);
  await charge.fetched(vendor, sizeOf(parts));
  const submission = { parts, vendor, provenance: "token", address, delivery: { hook, message } } as const;
  return { accepted: await submit(env, submission, at) };
}

/** Bytes of all parts together. */
function sizeOf({ manifest, guest, host, rom }: BuildParts): number {
  return [manifest, guest, host, rom].reduce((sum, part) => sum + (part?.length ?? 0), 0);
}

async function pulled(env: Env, repositoryId: string, hint: Hint) {
  try {
    return await pull(env, repositoryId, hint);
  } catch (error) {
    if (error instanceof OutboundError || error instanceof PullError || error instanceof ZipError) {
      throw new ProblemError("fetch-failed", error.message);
    }
    throw error;
  }
}

/** The id to look at, and nothing else of the payload. */
function hintOf(event: string | null, body: Uint8Array, repositoryId: string): Hint | { ignored: string } {
  if (event !== "release" && event !== "workflow_run")
    return { ignored: "Only release and workflow_run lead to builds." };
  let payload: Record<string, { id?: unknown; conclusion?: unknown } | undefined> & { action?: unknown };
  try {
    payload = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new ProblemError("malformed-request", "The body is not JSON in UTF-8.");
  }
  if (String(payload?.repository?.id) !== repositoryId) {
    throw new ProblemError(
      "forbidden",
      `The event is not of repository ${repositoryId}, for which this hook was made.`,
    );
  }
  const wanted = event === "release" ? "published" : "completed";
  if (payload.action !== wanted) return { ignored: `Of ${event}, only "${wanted}" leads to a build.` };
  const id = payload[event]?.id;
  if (typeof id !== "number" || !Number.isSafeInteger(id) || id <= 0) {
    throw new ProblemError("malformed-request", `The body has no numeric ${event}.id.`);
  }
  return { kind: event, id };
}
