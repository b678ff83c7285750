import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tryUtf8Decode } from '../../core/base/bytes.ts'
import { MAX_JSON_DEPTH } from '../../core/base/limits.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { canonicalize, findFault, type Json, parseCanonical } from '../../core/domain/canonical.ts'
import { readVector, vectorNames } from './vectors.ts'

function isTaken(text: string): boolean {
  return !(parseCanonical(text) instanceof Malformed)
}

/** Every value that a ledger may hold. */
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json; leaf: Json }>((tie) => ({
  leaf: fc.oneof(fc.string({ unit: 'binary' }), fc.boolean(), fc.maxSafeInteger()),
  value: fc.oneof(
    { maxDepth: 6 },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), fc.nat(20).map(String)), tie('value'), { maxKeys: 5 }),
  ),
})).value

describe('RFC 8785 vectors', () => {
  test.each(vectorNames('jcs/testdata/input'))('%s', (name) => {
    const input = JSON.parse(readVector(`jcs/testdata/input/${name}`).toString()) as Json
    const text = canonicalize(input)
    expect(text).toBe(readVector(`jcs/testdata/output/${name}`).toString())
    const hex = readVector(`jcs/testdata/outhex/${name.replace('.json', '.txt')}`)
      .toString()
      .replaceAll(/\s/g, '')
    expect(Buffer.from(text).toString('hex')).toBe(hex)
  })

  test('the first ten thousand numbers of the ES6 set are written as published, and only integers are taken', () => {
    const lines = readVector('jcs/es6testfile-first10000.txt').toString().trimEnd().split('\n')
    expect(lines.length).toBe(10_000)
    const bytes = new DataView(new ArrayBuffer(8))
    for (const line of lines) {
      const [hex, written] = line.split(',') as [string, string]
      bytes.setBigUint64(0, BigInt(`0x${hex}`))
      const number = bytes.getFloat64(0)
      expect(canonicalize(number)).toBe(written)
      expect(isTaken(written), written).toBe(Number.isSafeInteger(number))
    }
  })
})

/** The valid files of JSONTestSuite that hold no null and no fraction and are in canonical form, read one by one. */
const CANONICAL_FILES = (
  'array_empty-string array_empty array_ending_with_newline array_false number_negative_int number_negative_one ' +
  'number_simple_int object_basic object_empty object_empty_key object_simple string_backslash_and_u_escaped_zero ' +
  'string_backslash_doublequotes string_comments string_double_escape_a string_double_escape_n ' +
  'string_escaped_control_character string_in_array string_nonCharacterInUTF-8_U+10FFFF ' +
  'string_nonCharacterInUTF-8_U+FFFF string_null_escape string_pi string_reservedCharacterInUTF-8_U+1BFFF ' +
  'string_simple_ascii string_space string_u+2028_line_sep string_u+2029_par_sep string_unescaped_char_delete ' +
  'string_unicode_2 string_utf8 string_with_del_character structure_lonely_false structure_lonely_int ' +
  'structure_lonely_string structure_lonely_true structure_string_empty structure_true_in_array'
).split(' ')

describe('JSONTestSuite', () => {
  const folder = 'jsontestsuite/test_parsing'
  const names = vectorNames(folder)
  const isFileTaken = (name: string) => {
    const text = tryUtf8Decode(readVector(`${folder}/${name}`))
    return text !== undefined && isTaken(text)
  }

  test('every file that is not JSON is refused, quickly and without an exception', () => {
    const invalid = names.filter((name) => name.startsWith('n_'))
    expect(invalid.length).toBeGreaterThan(180)
    expect(invalid.filter(isFileTaken)).toEqual([])
  })

  test('of those that are JSON, those in our canonical form are taken', () => {
    const taken = names.filter((name) => name.startsWith('y_')).filter(isFileTaken)
    expect(taken.map((name) => name.slice(2, -5))).toEqual(CANONICAL_FILES)
  })

  test('of those that parsers disagree about, none is taken', () => {
    expect(names.filter((name) => name.startsWith('i_')).filter(isFileTaken)).toEqual([])
  })

  test('those on which parsers transform differently are refused or come out as they went in', () => {
    for (const name of vectorNames('jsontestsuite/test_transform')) {
      const text = tryUtf8Decode(readVector(`jsontestsuite/test_transform/${name}`))
      const value = text === undefined ? new Malformed('not UTF-8') : parseCanonical(text)
      if (!(value instanceof Malformed)) expect(canonicalize(value)).toBe(text)
    }
  })
})

describe('what is taken', () => {
  test.each([
    ...['0', '-1', '9007199254740991', '-9007199254740991', 'true', 'false', '""', '"a"', '[]', '{}', '{"":1}', '[1,"a",true]'],
    ...['{"a":1,"b":2}', '{"A":1,"a":2}', '{"10":1,"2":1}', '{"10":1,"9":1,"a":1}', '{"1":1,"A":1,"a":{"10":[],"9":[]}}'],
    ...['"\\n\\t\\b\\f\\r\\"\\\\"', '"\\u0000\\u001f"', '"/"', '"\u007f\u2028\u2029"', '"é"', '"😀"', '{"é":1,"😀":2,"ﬀ":3}'],
    ...[
      '{"__proto__":1}',
      '{"__proto__":{"a":1},"a":1}',
      '{"10":1,"__proto__":1}',
      '{"constructor":1,"toString":2}',
      '{"toJSON":1}',
    ],
  ])('%s', (text) => {
    const value = parseCanonical(text)
    expect(value).not.toBeInstanceOf(Malformed)
    expect(canonicalize(value as Json)).toBe(text)
  })

  test('__proto__ is a key like any other', () => {
    const value = parseCanonical('{"__proto__":{"admin":true}}') as Record<string, Json>
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect((value as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('what is refused', () => {
  const refused = [
    ...[
      '',
      ' ',
      '\n',
      'null',
      '[null]',
      '{"a":null}',
      'undefined',
      'NaN',
      '1.5',
      '1.0',
      '-0',
      '0.0',
      '1e3',
      '1E3',
      '1e-1',
      '1e400',
    ],
    ...['9007199254740992', '-9007199254740992', '9007199254740993', '123456789012345678901234567890', '01', '+1', '.5', '0x1'],
    ...[
      '{"a":1,"a":1}',
      '{"a":1,"a":2}',
      '{"b":1,"a":2}',
      '{"2":1,"10":1}',
      '{"a":1,"A":1}',
      '{"\\u0061":1}',
      '{"a":1,"\\u0061":1}',
    ],
    ...[
      ' 1',
      '1 ',
      '1\n',
      '[1, 2]',
      '{"a": 1}',
      '{ }',
      '[1,]',
      '{"a":1,}',
      "{'a':1}",
      '{a:1}',
      '/**/1',
      '\ufeff{}',
      '{}\u0000',
      '{}{}',
    ],
    ...[
      '"\\u0061"',
      '"\\/"',
      '"\\u000a"',
      '"\\u000A"',
      '"\\u001F"',
      '"\\u007f"',
      '"\\ud83d\\ude00"',
      '"\\u00e9"',
      '"\n"',
      '"\u0000"',
    ],
    ...['"\\ud800"', '"\\udc00"', '"\\ud83d"', '"\ud800"', '"\udc00\ud800"', '{"\\ud800":1}', '{"\ud800":1}', '"\\uD83D\\u0041"'],
    // Code points and code units sort differently: U+FB00 after an emoji's surrogates, and so after U+1F600.
    ...['{"ﬀ":1,"😀":2}', '{"__proto__":1,"__proto__":1}', '{"a":1,"__proto__":1}'],
  ]
  test.each(refused)('%j', (text) => {
    const value = parseCanonical(text)
    expect(value).toBeInstanceOf(Malformed)
    expect((value as Malformed).reason).toMatch(/^[a-z].*[^.]$/)
  })
})

test('of any text, what is taken is JSON without a fault that is its own canonical form', () => {
  const fragment = fc.constantFrom(...'{}[]:,"\\01-.e ', '"a":', '"b":', '"10":', '\ud800', '\\ud800', 'é', 'null', 'true')
  const change = fc.tuple(fc.nat(80), fc.nat(2), fragment)
  const isOwnForm = (text: string) => {
    try {
      const value = JSON.parse(text)
      return findFault(value, MAX_JSON_DEPTH) === undefined && canonicalize(value) === text
    } catch {
      return false
    }
  }
  fc.assert(
    fc.property(json, fc.array(change, { maxLength: 2 }), (value, changes) => {
      let text = JSON.stringify(value)
      for (const [at, cut, by] of changes) text = text.slice(0, at) + by + text.slice(at + cut)
      expect(isTaken(text)).toBe(isOwnForm(text))
    }),
    { numRuns: 3_000 },
  )
})

describe('depth', () => {
  const arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  test('eight levels are taken, nine are not', () => {
    expect([isTaken(arrays(8)), isTaken(objects(8)), isTaken(`[${objects(7)}]`)]).toEqual([true, true, true])
    expect([isTaken(arrays(9)), isTaken(objects(9)), isTaken(`[${objects(8)}]`)]).toEqual([false, false, false])
  })

  test('any depth is refused without an exception', () => {
    for (const depth of [10, 1_000, 20_000]) {
      expect([isTaken(arrays(depth)), isTaken(objects(depth)), isTaken('['.repeat(depth))]).toEqual([false, false, false])
    }
  })
})

test('every value has one text, which gives it back', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalize(value)
      const back = parseCanonical(text)
      expect(back).not.toBeInstanceOf(Malformed)
      expect(canonicalize(back as Json)).toBe(text)
    }),
    { numRuns: 500 },
  )
})

test('a text other than the canonical one of its value is refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      const parsed = parseCanonical(text)
      if (!(parsed instanceof Malformed)) expect(canonicalize(parsed)).toBe(text)
    }),
    { numRuns: 1_000 },
  )
})

test('what RFC 8785 cannot write is an error', () => {
  for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, 10n, '\ud800']) {
    expect(() => canonicalize(value as unknown as Json)).toThrow()
  }
})
