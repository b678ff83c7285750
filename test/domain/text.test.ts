import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPlainText } from '../../core/domain/text.ts'

/** What nobody may hide in a text, by this runtime's own Unicode: control, format, surrogate, private, unassigned, separators. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u

describe('plain text', () => {
  test.each(['a', 'Ada', 'Ada Lovelace', 'Ñandú', '爱达', 'אדה', 'مرحبا', 'नमस्ते', 'ไทย', '😀', '🇩🇪', '½ ² €', 'e̋', 'a\u00a0b'])(
    '%j is taken',
    (text) => expect(isPlainText(text, 64)).toBe(true),
  )

  test.each([
    ...[
      '',
      ' ',
      ' a',
      'a ',
      'a\u00a0',
      '\u3000',
      'a\u0000',
      'a\n',
      '\t',
      'a\u007f',
      'a\u0085',
      'a\u00ad',
      'a\u061c',
      'a\u070f',
      'a\u180e',
      'a\u200b',
      'a\u200c',
      'a\u200d',
    ],
    ...['a\u200e', 'a\u200f', 'a\u2028', 'a\u2029', 'a\u202a', 'a\u202b', 'a\u202c', 'a\u202d', 'a\u202e', 'a\u2060', 'a\u2061'],
    ...[
      'a\u2066',
      'a\u2067',
      'a\u2068',
      'a\u2069',
      'a\u206f',
      'a\ufeff',
      'a\ufff9',
      'a\ufffe',
      'a\uffff',
      'a\ue000',
      'a\u{e0001}',
    ],
    ...['a\u{e0041}', 'a\u{1d173}', 'a\u{10ffff}', 'a\u{f0000}', 'a\u0378', 'a\ud800', '\udc00a', '\ude00\ud83d'],
  ])('%j is refused', (text) => expect(isPlainText(text, 64)).toBe(false))

  test.each([
    ['e\u0301', '\u00e9'],
    ['\u212b', '\u00c5'],
    ['\u2126', '\u03a9'],
    ['\u1100\u1161', '\uac00'],
    ['a\u0323\u0302', '\u1ead'],
  ])('%j is not in NFC, %j is', (decomposed, composed) => {
    expect(isPlainText(decomposed, 64)).toBe(false)
    expect(isPlainText(composed, 64)).toBe(true)
  })

  test('compatibility forms are left as they are: NFC, not NFKC', () => {
    expect(isPlainText('ﬁ Ⅷ ①', 64)).toBe(true)
  })

  test('it has 1 to the given number of code points', () => {
    for (const character of ['a', 'é', '爱', '😀']) {
      expect(isPlainText(character.repeat(64), 64)).toBe(true)
      expect(isPlainText(character.repeat(65), 64)).toBe(false)
      expect(isPlainText(character, 0)).toBe(false)
    }
  })
})

test('of all code points, exactly those that are assigned and show are taken, by the pinned table of Unicode 16', () => {
  let taken = 0
  const wrong: string[] = []
  for (let code = 0; code < 0x110000; code++) {
    const character = String.fromCodePoint(code)
    // Those that are ignored where they are not known are another question (account.open.txt asks it).
    if (IGNORABLE.test(character) && !HIDDEN.test(character)) continue
    // White space may stand between others, and not alone.
    const isTaken = isPlainText(/\s/.test(character) ? `a${character}a` : character, 3)
    if (isTaken) taken += 1
    const shows = !HIDDEN.test(character) && character.normalize('NFC') === character
    // A runtime may know characters that Unicode assigned later; it never hides what the table lets show.
    const isLater = shows && !isTaken && process.versions.unicode !== '16.0'
    if (isTaken !== shows && !isLater) wrong.push(code.toString(16))
  }
  expect(wrong).toEqual([])
  expect(taken).toBe(TAKEN)
})

/** How many single characters the table takes. The table is part of the rules: another number is another ledger. */
const TAKEN = 153_439

test('what is taken shows, is in NFC and has its length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), fc.nat(12), (text, maximum) => {
      const length = [...text].length
      const expected = length > 0 && length <= maximum && !HIDDEN.test(text) && text.normalize('NFC') === text
      if (isPlainText(text, maximum)) expect(expected).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})
