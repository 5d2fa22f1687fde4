/** The greatest number of each type that a sequence can have. */
const MAXIMA: Readonly<Record<string, string>> = {
  smallint: "32767",
  integer: "2147483647",
  bigint: "9223372036854775807",
};

/** The options of a sequence. */
export interface SequenceOptions {
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycle: boolean;
}

/** Returns the options of a sequence that are not the default ones, as SQL writes them. */
export function sequenceOptions(sequence: SequenceOptions): string {
  const descends = sequence.increment.startsWith("-");
  const least = `-${BigInt(MAXIMA[sequence.type]!) + 1n}`;
  const minimum = descends ? least : "1";
  const maximum = descends ? "-1" : MAXIMA[sequence.type]!;
  const parts: string[] = [];
  if (sequence.start !== (descends ? sequence.maximum : sequence.minimum)) {
    parts.push(`START WITH ${sequence.start}`);
  }
  if (sequence.increment !== "1") parts.push(`INCREMENT BY ${sequence.increment}`);
  if (sequence.minimum !== minimum) parts.push(`MINVALUE ${sequence.minimum}`);
  if (sequence.maximum !== maximum) parts.push(`MAXVALUE ${sequence.maximum}`);
  if (sequence.cache !== "1") parts.push(`CACHE ${sequence.cache}`);
  if (sequence.cycle) parts.push("CYCLE");
  return parts.join(" ");
}
