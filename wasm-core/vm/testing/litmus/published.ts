/**
 * Published litmus tests of x86 with the final state that each asks for, and whether it is allowed.
 *
 * Sources: Owens, Sarkar, Sewell: "A better x86 memory model: x86-TSO" (TPHOLs 2009; extended version UCAM-CL-TR-745) for amd*, iwp2.*,
 * n*, rwc*; Intel "64 architecture memory ordering white paper" (iwp2.*) and AMD64 manual volume 2, section 7.2 (amd*), from which these
 * come; Alglave, Maranget, Sarkar, Sewell: "Litmus: running tests against hardware" (TACAS 2011) and "Fences in weak memory models"
 * (CAV 2010) for the names of two- and three-thread cycles.
 */
export interface Published {
  /** As published; several names of one test are separated by a slash. */
  name: string;
  program: string;
  /** Values of registers and shared words at the end. */
  final: string;
  allowed: boolean;
}

const test = (name: string, program: string, final: string, allowed: boolean): Published => ({
  name,
  program,
  final,
  allowed,
});
const allowed = (name: string, program: string, final: string) => test(name, program, final, true);
const forbidden = (name: string, program: string, final: string) => test(name, program, final, false);

export const published: readonly Published[] = [
  // One location.
  forbidden("CoRR", "x=1 | a=x b=x", "a=1 b=0"),
  forbidden("CoWW", "x=1 x=2", "x=1"),
  forbidden("CoWR", "x=1 a=x | x=2", "a=2 x=1"),
  forbidden("CoRW1", "a=x x=1", "a=1"),
  forbidden("CoRW2", "a=x x=1 | x=2", "a=2 x=2"),
  forbidden("iwp2.3.b", "x=1 a=x | y=1 b=y", "a=0"),
  forbidden("iwp2.6", "x=1 | x=2 | a=x b=x | c=x d=x", "a=1 b=2 c=2 d=1"),
  forbidden("co-iriw", "x=1 | x=2 | a=x b=x | c=x d=x", "a=2 b=1 c=1 d=2"),
  forbidden("n4", "a=x x=1 b=x | c=x x=2 d=x", "a=2 b=1 c=1 d=2"),
  forbidden("n4b", "a=x x=1 | b=x x=2", "a=2 b=1"),
  forbidden("n5", "x=1 a=x | x=2 b=x", "a=2 b=1"),
  // Two threads, two locations.
  allowed("SB/iwp2.3.a/amd4", "x=1 a=y | y=1 b=x", "a=0 b=0"),
  forbidden("SB+mfences/amd5", "x=1 mfence a=y | y=1 mfence b=x", "a=0 b=0"),
  allowed("SB+mfence+po", "x=1 mfence a=y | y=1 b=x", "a=0 b=0"),
  allowed("SB+sfences", "x=1 sfence a=y | y=1 sfence b=x", "a=0 b=0"),
  allowed("SB+lfences", "x=1 lfence a=y | y=1 lfence b=x", "a=0 b=0"),
  forbidden("SB+xchg/iwp2.8.a", "x<-1 a=y | y<-1 b=x", "a=0 b=0"),
  allowed("amd3", "x=1 x=2 a=y | y=1 y=2 b=x", "a=1 b=1"),
  allowed("iwp2.4/amd9", "x=1 a=x b=y | y=1 c=y d=x", "a=1 b=0 c=1 d=0"),
  forbidden("amd5+staleld", "x=1 mfence a=y | b=x y=1 mfence c=x", "a=0 c=0"),
  allowed("n8", "x<-1 a=y | y=1 b=x", "a=0 b=0"),
  forbidden("amd10", "x=1 mfence a=x b=y | y=1 mfence c=y d=x", "b=0 d=0"),
  forbidden("MP/iwp2.1/amd1", "x=1 y=1 | a=y b=x", "a=1 b=0"),
  forbidden("MP+xchg/iwp2.8.b", "x<-1 y=1 | a=y b=x", "a=1 b=0"),
  forbidden("LB/iwp2.2/amd2", "a=x y=1 | b=y x=1", "a=1 b=1"),
  allowed("n6", "x=1 a=x b=y | y=2 x=2", "a=1 b=0 x=1"),
  forbidden("2+2W", "x=1 y=2 | y=1 x=2", "x=1 y=1"),
  allowed("R", "x=1 y=1 | y=2 a=x", "y=2 a=0"),
  forbidden("R+mfences", "x=1 mfence y=1 | y=2 mfence a=x", "y=2 a=0"),
  allowed("R+mfence+po", "x=1 mfence y=1 | y=2 a=x", "y=2 a=0"),
  forbidden("R+po+mfence", "x=1 y=1 | y=2 mfence a=x", "y=2 a=0"),
  forbidden("S", "x=2 y=1 | a=y x=1", "a=1 x=2"),
  forbidden("MP+mfences", "x=1 mfence y=1 | a=y mfence b=x", "a=1 b=0"),
  forbidden("MP+staleld", "x=1 y=1 | a=x b=y c=x", "a=0 b=1 c=0"),
  // Three threads and more.
  allowed("n1", "x=2 a=y | y=1 x=1 | b=x c=x", "a=0 b=1 c=2"),
  forbidden("WRC/iwp2.5/amd8", "x=1 | a=x y=1 | b=y c=x", "a=1 b=1 c=0"),
  allowed("RWC/rwc-unfenced", "x=1 | a=x b=y | y=1 c=x", "a=1 b=0 c=0"),
  forbidden("RWC+mfence/rwc-fenced", "x=1 | a=x b=y | y=1 mfence c=x", "a=1 b=0 c=0"),
  allowed("W+RWC", "x=1 y=1 | a=y b=z | z=1 c=x", "a=1 b=0 c=0"),
  forbidden("W+RWC+mfence", "x=1 y=1 | a=y b=z | z=1 mfence c=x", "a=1 b=0 c=0"),
  forbidden("WRW+WR", "x=1 | a=x y=1 | y=2 mfence b=x", "a=1 b=0 y=2"),
  forbidden("WWC", "x=2 | a=x y=1 | b=y x=1", "a=2 b=1 x=2"),
  forbidden("ISA2", "x=1 y=1 | a=y z=1 | b=z c=x", "a=1 b=1 c=0"),
  forbidden("3.LB", "a=x y=1 | b=y z=1 | c=z x=1", "a=1 b=1 c=1"),
  allowed("3.SB/podwr001", "x=1 a=y | y=1 b=z | z=1 c=x", "a=0 b=0 c=0"),
  forbidden("3.2W", "x=2 y=1 | y=2 z=1 | z=2 x=1", "x=2 y=2 z=2"),
  allowed("Z6.0", "x=1 y=1 | a=y z=1 | z=2 b=x", "a=1 z=2 b=0"),
  forbidden("Z6.3", "x=1 y=1 | y=2 z=1 | a=z b=x", "y=2 a=1 b=0"),
  allowed("n7", "x=1 a=x b=y | y=1 | c=y d=x", "a=1 b=0 c=1 d=0"),
  forbidden("n2", "x=1 y=1 | y=2 | a=y b=x | c=y d=y", "a=2 b=0 c=1 d=2"),
  forbidden("IRIW/amd6", "x=1 | y=1 | a=x b=y | c=y d=x", "a=1 b=0 c=1 d=0"),
  forbidden("IRIW+xchg/iwp2.7/amd7", "x<-1 | y<-1 | a=x b=y | c=y d=x", "a=1 b=0 c=1 d=0"),
];
