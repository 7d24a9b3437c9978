/** The value, or an Error that says what is missing: for tables that are complete by construction. */
export function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing`);
  return value;
}
