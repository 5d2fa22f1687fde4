/**
 * Returns a function that tells whether a name is meant, by two patterns in which `*` stands for any
 * letters, and `?` for one.
 */
export function matcherOf(
  include: string | undefined,
  exclude: string | undefined,
): (name: string) => boolean {
  const isIncluded = include === undefined ? () => true : globOf(include);
  const isExcluded = exclude === undefined ? () => false : globOf(exclude);
  return (name) => isIncluded(name) && !isExcluded(name);
}

/** Several patterns are divided by commas or stand in braces: `{user,role}*`. */
function globOf(pattern: string): (name: string) => boolean {
  const patterns = expandBraces(pattern);
  return (name) => patterns.some((each) => matches(each, name));
}

function expandBraces(pattern: string): string[] {
  const [all, before, inside, after] = /^([^{]*)\{([^{}]*)\}(.*)$/s.exec(pattern) ?? [];
  if (all === undefined) return [pattern];
  return inside!.split(",").flatMap((part) => expandBraces(`${before}${part}${after}`));
}

/** Goes along both, and back to the last star where they part: linear in practice, never worse. */
function matches(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let after = 0;
  for (let i = 0; i < name.length;) {
    if (pattern[at] === "*") {
      star = at++;
      after = i;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++after;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
