/**
 * How hard a passphrase is to guess, roughly: what it draws from, times how much of it is not repeated. It judges no words
 * against a dictionary, so it asks for length.
 */

const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/\p{Ll}/u, 26],
  [/\p{Lu}/u, 26],
  [/\p{N}/u, 10],
  [/[\p{P}\p{S}\p{Z}]/u, 24],
  [/\p{Lo}/u, 200],
]
/** Bits from which on each grade begins: very weak, weak, fair, good, strong. */
const GRADES = [0, 28, 45, 62, 80]
const FAIR = 2

/** 0, very weak, to 4, strong. */
export function gradeOf(passphrase: string): number {
  const characters = [...passphrase]
  const alphabet = CLASSES.reduce((size, [form, many]) => (form.test(passphrase) ? size + many : size), 0)
  if (alphabet === 0) return 0
  // A character seen before adds little, and one like its neighbour nothing.
  const seen = new Set<string>()
  const worth = characters.reduce((sum, character, at) => {
    if (isLike(character, characters[at - 1])) return sum
    const value = seen.has(character) ? 0.5 : 1
    seen.add(character)
    return sum + value
  }, 0)
  const bits = worth * Math.log2(alphabet)
  return GRADES.findLastIndex((from) => bits >= from)
}

export function isFair(passphrase: string): boolean {
  return gradeOf(passphrase) >= FAIR
}

/** The same again, or the next in a row: "aaa", "abc", "321". */
function isLike(character: string, before: string | undefined): boolean {
  return before !== undefined && Math.abs(character.codePointAt(0)! - before.codePointAt(0)!) <= 1
}
