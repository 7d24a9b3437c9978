/** Every program of two roles of two instructions on two words: whatever was published of that size is among them. */

const kinds = [
  (_value: number, register: string) => `${register}=x`,
  (_value: number, register: string) => `${register}=y`,
  (value: number) => `x=${value}`,
  (value: number) => `y=${value}`,
  (value: number, register: string) => `${register}=x<-${value}`,
  () => "mfence",
] as const;

/** Number of programs. */
export const familySize = kinds.length ** 4;

/** Program `index` as text; every store has a value and every load a register of its own. */
export function familyProgram(index: number): string {
  const instruction = (place: number) => {
    const kind = kinds[Math.floor(index / kinds.length ** place) % kinds.length];
    return kind?.(place + 1, "abcd"[place] as string) ?? "";
  };
  return `${instruction(0)} ${instruction(1)} | ${instruction(2)} ${instruction(3)}`;
}
