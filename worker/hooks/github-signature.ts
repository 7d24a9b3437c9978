import { ProblemError } from "../problems.ts";

/**
 * Verifies `X-Hub-Signature-256` over the raw body against every secret that is valid now. GitHub signs no time: deliveries count once.
 * @throws ProblemError signature-invalid
 */
export async function verifyGithub(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  header: string | undefined,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(header ?? "") ?? [];
  const signature = Uint8Array.from(hex?.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  let holds = false;
  for (const secret of secrets) {
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    // `verify` compares in constant time.
    if (await crypto.subtle.verify("HMAC", key, signature, body)) holds = true;
  }
  if (!holds) {
    throw new ProblemError(
      "signature-invalid",
      "X-Hub-Signature-256 does not match this body and a secret of this hook.",
    );
  }
}
