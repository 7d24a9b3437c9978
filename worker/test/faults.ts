import type { Env } from "../env.ts";

type Bound = Record<string, (...values: never[]) => unknown>;

/** A binding of which one method is down. */
export function failing<Binding extends object>(binding: Binding, method: string): Binding {
  return watched(binding, (name) => {
    if (name === method) throw new Error(`${name} is down`);
  });
}

/**
 * Bindings of a consumer that is killed before each of its calls to D1 and R2, once: the first time that a call comes up in a
 * life, it and all later ones fail, until `revive`. `steps` names the calls it was killed before.
 */
export function killedOnceBeforeEach(bindings: Env): { env: Env; steps: string[]; revive(): void } {
  const steps: string[] = [];
  let dead = false;
  let life = new Map<string, number>();
  const count = (what: string) => {
    const nth = (life.get(what) ?? 0) + 1;
    life.set(what, nth);
    const step = `${what} #${nth}`;
    if (!dead && !steps.includes(step)) {
      steps.push(step);
      dead = true;
    }
    if (dead) throw new Error(`killed before ${step}`);
  };
  const BLOBS = watched(bindings.BLOBS, (name, [key]) => count(`${name} ${String(key)}`));
  const DB = watched(bindings.DB, (name, [text]) => {
    if (name === "batch") count("DB.batch");
    else if (/^\s*(update|insert|select|delete)/i.test(String(text)))
      count(String(text).replaceAll('"', "").toUpperCase());
  });
  const revive = () => {
    dead = false;
    life = new Map();
  };
  return { env: { ...bindings, BLOBS, DB }, steps, revive };
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
