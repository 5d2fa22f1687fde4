import { BadRequestError } from "@kysera/core";

/** @throws {BadRequestError} for a number that counts no rows */
export function wholeNumber(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new BadRequestError(`Cannot find rows: ${name} is ${value}; give a whole number from 0`);
}
