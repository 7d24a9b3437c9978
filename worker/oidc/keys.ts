import { importJWK, type JWK } from "jose";
import { OIDC_JWKS_MAX_BYTES, OIDC_REFRESH_MS } from "../limits.ts";
import { fetchConfigured, OutboundError } from "../outbound.ts";
import { ProblemError } from "../problems.ts";

/** The public keys of an issuer. They are fetched when a key id is not known, at most once a minute. */
export class KeySet {
  readonly #address: string;
  #keys: JWK[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;
  /** The present fetch: tokens that come meanwhile wait for it. */
  #asking: Promise<void> | null = null;

  constructor(address: string) {
    this.#address = address;
  }

  /** The RS256 key of that id. @param at ms since 1970 @throws ProblemError oidc-refused, unavailable */
  async find(kid: string, at: number): Promise<CryptoKey> {
    if (!this.#has(kid) && (this.#asking || Math.abs(at - this.#askedAt) >= OIDC_REFRESH_MS)) {
      this.#asking ??= this.#ask(at).finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    const jwk = this.#has(kid);
    if (jwk) return (await importJWK(jwk, "RS256")) as CryptoKey;
    if (this.#keys.length === 0) {
      throw new ProblemError("unavailable", "The issuer's keys could not be read.", {
        headers: { "Retry-After": "60" },
      });
    }
    throw new ProblemError("oidc-refused", "The issuer has no key with the id that the token names.");
  }

  #has(kid: string): JWK | undefined {
    return this.#keys.find((key) => key.kid === kid && key.kty === "RSA" && (key.alg ?? "RS256") === "RS256");
  }

  /** If the issuer does not answer, the keys that were known stay. */
  async #ask(at: number): Promise<void> {
    this.#askedAt = at;
    try {
      const text = new TextDecoder().decode(await fetchConfigured(this.#address, fetch, OIDC_JWKS_MAX_BYTES));
      const { keys } = JSON.parse(text) as { keys?: unknown };
      if (Array.isArray(keys) && keys.length > 0) this.#keys = keys as JWK[];
    } catch (error) {
      if (!(error instanceof OutboundError || error instanceof SyntaxError)) throw error;
    }
  }
}

const sets = new Map<string, KeySet>();

/** One set per address and isolate. */
export function keysAt(address: string): KeySet {
  const set = sets.get(address) ?? new KeySet(address);
  sets.set(address, set);
  return set;
}
