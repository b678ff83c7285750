/** A key in 24 words: by the published vectors, however they were written down, and what is said of words that are none. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex, tryFromHex } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { seedsIn, wordsOf } from '../../core/drivers/recovery-words.ts'

const FILE = join(import.meta.dirname, '../vectors/bip39/english-256.json')
const VECTORS = JSON.parse(readFileSync(FILE, 'utf8')) as { entropy: string; words: string }[]

const read = (text: string) => {
  const seeds = seedsIn(text)
  return seeds instanceof Malformed ? seeds.reason : seeds.map((seed) => toHex(seed))
}

describe('the words of a key', () => {
  it.each(VECTORS)('$entropy', ({ entropy, words }) => {
    expect(wordsOf(tryFromHex(entropy)!).join(' ')).toBe(words)
    expect(read(words)).toEqual([entropy])
  })

  it('are read as they were written: numbered, in capitals, in lines, by their first four letters, with remarks', () => {
    const { entropy, words } = VECTORS[4]!
    const list = words.split(' ')
    const forms = [
      words.toUpperCase(),
      list.map((word, at) => `${at + 1}. ${word}`).join('\n'),
      list.map((word) => word.slice(0, 4)).join('  '),
      list.map((word) => `${word[0]!.toUpperCase()}${word.slice(1, 5)}`).join(',\t'),
      `# Ada, nim1abc: a remark\r\n${words} # the end\n`,
      `\u00a0${words.replaceAll(' ', '\u2003')}\n`,
    ]
    for (const form of forms) expect(read(form), form).toEqual([entropy])
    const all = VECTORS.map((one) => `# key\n${one.words}\n`).join('\n')
    expect(read(all)).toEqual(VECTORS.map((one) => one.entropy))
  })

  it('of any key come back as that key, and as no other where a word is another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(23), fc.nat(2046), (seed, at, by) => {
        const words = wordsOf(seed)
        expect(read(words.join(' '))).toEqual([toHex(seed)])
        const other = wordlist[(wordlist.indexOf(words[at]!) + 1 + by) % wordlist.length]!
        expect(read(words.with(at, other).join(' '))).not.toEqual([toHex(seed)])
      }),
    )
  })

  it('begin in four letters as no other word does', () => {
    expect(new Set(wordlist.map((word) => word.slice(0, 4))).size).toBe(2048)
  })
})

describe('words that are no key', () => {
  const { words } = VECTORS[4]!
  const list = words.split(' ')

  it.each([
    ['', 'A key has 24 words, and these are 0'],
    [words.slice(0, words.lastIndexOf(' ')), 'A key has 24 words, and these are 23'],
    [`${words} zoo`, 'A key has 24 words, and these are 25'],
    [list.with(6, 'titel').join(' '), 'Word 7 is not on the list of words: read it once more'],
    [list.with(6, 'tit').join(' '), 'Word 7 is not on the list of words: read it once more'],
    [list.with(6, 'titles').join(' '), 'Word 7 is not on the list of words: read it once more'],
    [list.with(6, 'título').join(' '), 'Word 7 is not on the list of words: read it once more'],
    [`${words} ${list.with(1, 'xyz').join(' ')}`, 'Word 2 of key 2 is not on the list of words: read it once more'],
    [list.with(0, list[1]!).with(1, list[0]!).join(' '), 'Every word is on the list, but together the 24 words are no key'],
    [`${words} ${list.with(23, 'zoo').join(' ')}`, 'together the 24 words of key 2 are no key'],
    [`${words}\n`.repeat(65), 'These are more than 64 keys'],
  ])('%#: %s', (text, says) => {
    const reason = read(text)
    expect(reason).toContain(says)
    // Neither a word of the key nor one that is nearly it.
    const told = new Set(String(reason).toLowerCase().split(/\W+/))
    for (const word of [...list, 'titel', 'tit', 'xyz']) if (!['key', 'word'].includes(word)) expect(told).not.toContain(word)
  })
})
