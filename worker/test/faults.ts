import type { Env } from "../env.ts";

type Bound = Record<string, (...values: never[]) => unknown>;

/** A binding of which one method is down. */
export function failing<Binding extends object>(binding: Binding, method: string): Binding {
  return watched(binding, (name) => {
    if (name === method) throw new Error(`${name} is down`);
  });
}

/** Bindings that fail at the `step`-th call to D1 or R2 and from then on, as for a consumer that was killed there. */
export function killedAt(bindings: Env, step: number): { env: Env; hit(): boolean } {
  let calls = 0;
  const count = (what: string) => {
    if (calls++ >= step) throw new Error(`killed before ${what}`);
  };
  const BLOBS = watched(bindings.BLOBS, (name, [key]) => count(`${name} ${String(key)}`));
  const DB = watched(bindings.DB, (name, [text]) => {
    if (name === "batch") count("DB.batch");
    else if (/^\s*(update|insert|select|delete)/i.test(String(text)))
      count(String(text).replaceAll('"', "").toUpperCase());
  });
  return { env: { ...bindings, BLOBS, DB }, hit: () => calls > step };
}

/** The same object, with `look` called before each method of it. */
function watched<Binding extends object>(binding: Binding, look: (name: string, values: unknown[]) => void): Binding {
  return new Proxy(binding, {
    get(target, name) {
      const member = (target as Bound)[String(name)];
      if (typeof member !== "function") return member;
      return (...values: never[]) => {
        look(String(name), values);
        return member.apply(target, values);
      };
    },
  });
}
