/**
 * A key as 24 words that a person can write down: its seed, 32 bytes, in BIP-39's English words, of which the last carries a
 * checksum. The words are another form of the same bytes: nothing is derived from them, and there is no passphrase in them.
 *
 *   seed 00…00  abandon abandon … abandon art
 *
 * What is read back was written by hand or printed: numbers, spaces, punctuation and case say nothing, and four letters stand
 * for a word, as no two words on the list begin with the same four. What stands after "#" on a line is a remark.
 */

import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { Malformed } from '../base/malformed.ts'

const WORDS_OF_KEY = 24
/** Letters of a word that no other word begins with. */
const TELLING_LETTERS = 4
/** Most keys in one text. */
const MAX_KEYS = 64

const wordByBeginning = new Map(wordlist.map((word) => [word.slice(0, TELLING_LETTERS), word]))

export function wordsOf(seed: Uint8Array): string[] {
  return entropyToMnemonic(seed, wordlist).split(' ')
}

/**
 * The seeds in a text, one for each 24 words. What is wrong names the place of a word and never the word: one that is a letter
 * off tells as much as the right one.
 */
export function seedsIn(text: string): Uint8Array[] | Malformed {
  const typed = wordsIn(text)
  const words = typed.map(wordMeant)
  const unknown = words.indexOf(undefined)
  if (unknown >= 0) return new Malformed(`${placeOf(unknown, typed.length)} is not on the list of words: read it once more`)
  if (words.length === 0 || words.length % WORDS_OF_KEY !== 0)
    return new Malformed(`A key has ${WORDS_OF_KEY} words, and these are ${words.length}`)
  if (words.length > MAX_KEYS * WORDS_OF_KEY) return new Malformed(`These are more than ${MAX_KEYS} keys`)
  const seeds: Uint8Array[] = []
  for (let at = 0; at < words.length; at += WORDS_OF_KEY) {
    try {
      seeds.push(mnemonicToEntropy(words.slice(at, at + WORDS_OF_KEY).join(' '), wordlist))
    } catch {
      const which = words.length > WORDS_OF_KEY ? ` of key ${at / WORDS_OF_KEY + 1}` : ''
      return new Malformed(
        `Every word is on the list, but together the ${WORDS_OF_KEY} words${which} are no key: ` +
          'one is another than on the sheet, or two have changed places',
      )
    }
  }
  return seeds
}

function wordsIn(text: string): string[] {
  return text
    .replaceAll(/#.*/g, ' ')
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}]+/u)
    .filter((word) => word !== '')
}

function wordMeant(typed: string): string | undefined {
  const word = wordByBeginning.get(typed.slice(0, TELLING_LETTERS))
  const isMeant = word === typed || (typed.length >= TELLING_LETTERS && word?.startsWith(typed))
  return isMeant ? word : undefined
}

function placeOf(at: number, count: number): string {
  if (count <= WORDS_OF_KEY) return `Word ${at + 1}`
  return `Word ${(at % WORDS_OF_KEY) + 1} of key ${Math.floor(at / WORDS_OF_KEY) + 1}`
}
