import type fc from "fast-check";

/** Random choices for the generators. */
export class Draw {
  readonly #random: fc.Random;

  constructor(random: fc.Random) {
    this.#random = random;
  }

  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return this.#random.nextInt(min, max);
  }

  /** True in so many of a hundred cases. */
  percent(chance: number): boolean {
    return this.int(1, 100) <= chance;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]!;
  }

  /** The result of one of the makers, chosen by weight. */
  weighted<T>(makers: readonly (readonly [weight: number, make: () => T])[]): T {
    const total = makers.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.int(1, total);
    for (const [weight, make] of makers) {
      at -= weight;
      if (at <= 0) return make();
    }
    throw new Error("Cannot choose: there are no makers");
  }

  /** Some of the choices, in a random order, none twice. */
  some<T>(choices: readonly T[], count: number): T[] {
    const left = [...choices];
    const out: T[] = [];
    while (out.length < count && left.length > 0) {
      out.push(...left.splice(this.int(0, left.length - 1), 1));
    }
    return out;
  }
}
