/** The rules can fail: each finds what is planted, and leaves alone what only looks like it. */

import { describe, expect, test } from 'vitest'
import {
  deadExportFaults,
  deadFileFaults,
  dependencyFaults,
  fileFaults,
  layerFaults,
  linkFaults,
  lockFaults,
  purityFaults,
  sizeFaults,
  transactionFaults,
  wordFaults,
} from './rules.ts'
import { exportsOf, functionsOf, importsOf, maskText } from './source.ts'

const file = (path: string, text: string) => ({ path, text })
/** So that this file does not break the rules it plants breaches of. */
const join = (...parts: string[]) => parts.join('')

describe('reading sources', () => {
  test('comments, strings, templates and regular expressions are no code', () => {
    const source = `a('x{') // {\n/* { */ b(\`{\${c({ d })}{\`) / 2\nconst e = /[/'"\`{]\\//g.test(f)`
    const masked = maskText(source)
    expect(masked).toHaveLength(source.length)
    expect(masked.replaceAll(/ +/g, ' ')).toBe(`a(' ') \n b(\` \${c({ d })} \`) / 2\nconst e = / /g.test(f)`)
  })

  test('every form of import is found', () => {
    const source = [
      "import a, { type b, c as d } from './one.ts'",
      "import type { e } from './two.ts'",
      "import * as f from './three.ts'",
      "export { g } from './four.ts'",
      "import './five.ts'",
      "const h = await import('./six.ts')",
      "const i = createRequire(import.meta.url)('seven')",
      "const j = require('eight') // require('nine')",
      'f.used(f.too)',
      "import * as k from './eleven.ts'",
      'Object.values(k)',
      "const text = `import { x } from 'ten'`",
    ].join('\n')
    expect(
      importsOf(source).map(({ specifier, line, names, isTypeOnly }) => [specifier, line, names.join(), isTypeOnly]),
    ).toEqual([
      ['./one.ts', 1, 'b,c', false],
      ['./two.ts', 2, 'e', true],
      ['./three.ts', 3, 'used,too', false],
      ['./four.ts', 4, 'g', false],
      ['./eleven.ts', 10, '*', false],
      ['./five.ts', 5, '*', false],
      ['./six.ts', 6, '*', false],
      ['eight', 8, '*', false],
      ['seven', 7, '*', false],
    ])
  })

  test('every form of export is found', () => {
    const source = 'export const a = 1\nexport async function* b() {}\nexport type C = 1\nexport { d, e as f }\nconst g = 1'
    expect(exportsOf(source).map(({ name }) => name)).toEqual(['a', 'b', 'C', 'd', 'f'])
  })

  test('functions are measured from their head to their brace', () => {
    const source = [
      'function a(): { x: number } {\n\n}',
      'class B {\n  async *#c<T>(\n    d: T,\n  ): AsyncGenerator<T> {\n    if (d) {\n    }\n  }\n}',
      'const e = () => {\n}',
      'interface F {\n  g(): void\n  h(i: { j: 1 }): { k: 1 }\n}',
      "describe('chapter', () => {\n})",
    ].join('\n')
    expect(functionsOf(source).map(({ name, line, lines }) => [name, line, lines])).toEqual([
      ['const e = ()', 12, 2],
      ['a', 1, 3],
      ['#c', 5, 6],
    ])
  })
})

describe('layers', () => {
  const faults = (path: string, specifier: string) => layerFaults(file(path, `import { x } from '${specifier}'\n`)).join('\n')

  test.each([
    ['core/log/note.ts', '../domain/money.ts', 'core/log imports core/domain/money.ts'],
    ['core/domain/state.ts', '../ledger/store.ts', 'pass in what it needs'],
    ['core/ledger/audit.ts', '../drivers/sqlite/store.ts', 'core/ledger imports core/drivers'],
    ['core/api/router.ts', '../drivers/sqlite/store.ts', 'core/api imports core/drivers'],
    ['core/drivers/vault.ts', '../bin/desk.ts', 'core/drivers imports core/bin'],
    ['core/log/note.ts', 'node:crypto', 'core/log imports node:crypto'],
    ['core/ledger/audit.ts', 'fs', 'Write node:fs'],
    ['core/log/note.ts', 'zod', 'core/log imports zod'],
    ['core/bin/cli.ts', 'electron', 'electron is imported in main/ and preload/ alone'],
    ['core/bin/cli.ts', '../../test/support/world.ts', 'in no layer'],
    ['core/tools/thing.ts', '../base/bytes.ts', 'has no home'],
    ['renderer/app.ts', '../core/api/router.ts', 'types only'],
    ['renderer/app.ts', '../core/ledger/audit.ts', 'renderer imports core/ledger'],
  ])('%s may not import %s', (path, specifier, message) => {
    expect(faults(path, specifier)).toContain(message)
  })

  test.each([
    ['core/log/note.ts', '../base/bytes.ts'],
    ['core/log/signature.ts', '@noble/curves/ed25519.js'],
    ['core/domain/transactions/a-b.ts', '../../log/note.ts'],
    ['core/drivers/sqlite/store.ts', '../../ledger/store.ts'],
    ['core/bin/commands/log.ts', '../../drivers/tile-folder.ts'],
    ['core/ledger/audit.ts', 'node:fs'],
    ['main/index.ts', 'electron'],
  ])('%s may import %s', (path, specifier) => {
    expect(faults(path, specifier)).toBe('')
  })

  test('type imports count, and so do dynamic ones', () => {
    const text = "import type { A } from '../ledger/store.ts'\nconst b = await import('node:fs')\n"
    expect(layerFaults(file('core/domain/a.ts', text))).toHaveLength(2)
  })

  test.each([
    'Buffer.from(x)',
    'process.env',
    "require('x')",
    '__dirname',
    'Date.now()',
    'Math.random()',
    'async () => 1',
    'fetch(x)',
  ])('%s is not pure', (code) => {
    expect(purityFaults(file('core/domain/a.ts', `const a = ${code}\n`))).toHaveLength(1)
    expect(purityFaults(file('core/ledger/a.ts', `const a = ${code}\n`))).toEqual([])
  })

  test('words in comments, strings and names of properties are no globals', () => {
    const text = "// process\nconst a = { process: 'Buffer', b: c.process }\nnew Date(0)\n"
    expect(purityFaults(file('core/log/a.ts', text))).toEqual([])
  })
})

describe('sizes, names and words', () => {
  test('a function of 61 lines, a file of 401, a line of 131', () => {
    const long = (lines: number) => `function a() {\n${'b()\n'.repeat(lines - 2)}}\n`
    expect(sizeFaults(file('core/a.ts', long(60)))).toEqual([])
    expect(sizeFaults(file('core/a.ts', long(61)))).toEqual([expect.stringContaining('`a` has 61 lines')])
    expect(sizeFaults(file('core/a.ts', 'a()\n'.repeat(400)))).toEqual([])
    expect(sizeFaults(file('core/a.ts', 'a()\n'.repeat(401)))).toEqual([expect.stringContaining('401 lines')])
    expect(sizeFaults(file('core/a.ts', `// ${'a '.repeat(63)}ab\n`))).toEqual([expect.stringContaining('131 characters')])
    expect(sizeFaults(file('core/a.ts', `// ${'a '.repeat(63)}a\n`))).toEqual([])
    expect(sizeFaults(file('core/a.ts', `  signature: '${'0'.repeat(140)}',\n`))).toEqual([])
  })

  test('names and heads of files', () => {
    expect(fileFaults(file('core/base/newThing.ts', '/** A. */'))).toEqual([expect.stringContaining('kebab-case')])
    expect(fileFaults(file('core/base/new-thing.ts', 'const a = 1'))).toEqual([expect.stringContaining('what it is for')])
    expect(fileFaults(file('core/bin/a.cjs', "#!/usr/bin/env node\n'use strict'\n// A.\n"))).toEqual([])
    expect(fileFaults(file('core/base/a.ts', 'const a = 1\n/** B. */\nexport const b = 1\n'))).toEqual([])
  })

  test.each([
    ['core/a.ts', join('// TO', 'DO: later')],
    ['core/a.ts', join('console', '.log(1)')],
    ['README.md', join('in this ses', 'sion')],
    ['docs/a.md', join('see /wo', 'rk/main')],
    ['core/a.ts', join("'/t", "mp/x'")],
    ['README.md', join('written by A', 'I')],
    ['README.md', join('Co-Authored', '-By: somebody')],
  ])('%s may not say %s', (path, text) => {
    expect(wordFaults(file(path, text))).toHaveLength(1)
  })

  test('words that only look alike may stand', () => {
    const text = 'obsession network/work framework /workspace LLM calls, `TODOS` of a list'
    expect(wordFaults(file('README.md', text))).toEqual([])
    expect(wordFaults(file('test/a.ts', join("'/t", "mp/x'")))).toEqual([])
  })
})

describe('dead code', () => {
  const programs = ['core/bin/cli.ts']

  test('a file that no program reaches', () => {
    const files = [
      file('core/bin/cli.ts', "import { a } from '../base/a.ts'\nnew URL('./data', import.meta.url)\n"),
      file('core/base/a.ts', "import b from 'b'\n"),
      file('core/base/dead.ts', "import { a } from './a.ts'\n"),
      file('core/base/b.d.ts', "declare module 'b' {}\n"),
      file('core/base/c.d.ts', "declare module 'c' {}\n"),
    ]
    const found = deadFileFaults(files, ['core/bin/data/x.csv', 'core/bin/other.csv'], programs, new Map())
    expect(found.map((fault) => fault.split(':')[0])).toEqual(['core/base/dead.ts', 'core/base/c.d.ts', 'core/bin/other.csv'])
    expect(deadFileFaults(files, [], programs, new Map([['core/base/dead.ts', 'a reason']]))).toHaveLength(1)
  })

  test('a name that nothing imports', () => {
    const files = [
      file('core/base/a.ts', 'export const used = 1\nexport type Unused = 1\nexport const spaced = 1\nused + spaced\n'),
      file('core/base/b.ts', "import { used as other } from './a.ts'\n"),
      file('test/c.test.ts', "import * as a from '../core/base/a.ts'\na.spaced\n"),
    ]
    expect(deadExportFaults(files)).toEqual([expect.stringContaining('core/base/a.ts:2: nothing imports `Unused`')])
  })
})

describe('transaction types', () => {
  const folder = 'core/domain/transactions'
  const index = file(`${folder}/index.ts`, 'const version1 = [\n  thingMake,\n]\n')
  const sound = "export const thingMake = defineTransaction<Body>({\n  type: 'thing.make',\n})\n"
  const tables = ['test/tables/thing.make.txt']
  const faults = (text: string, path = `${folder}/thing-make.ts`) => transactionFaults([index, file(path, text)], tables)

  test('a sound one', () => expect(faults(sound)).toEqual([]))
  test('another name', () => expect(faults(sound.replace('thingMake', 'makeThing'))).toHaveLength(1))
  test('another type', () => expect(faults(sound.replace('thing.make', 'thing.made'))).toHaveLength(1))
  test('a second value', () => expect(faults(`${sound}export const helper = 1\n`)).toHaveLength(1))
  test('not registered, without cases', () => {
    expect(faults(sound.replaceAll('make', 'sell').replace('thingMake', 'thingSell'), `${folder}/thing-sell.ts`)).toHaveLength(2)
  })
})

describe('links', () => {
  const faults = (text: string) => linkFaults(file('docs/a.md', text), ['README.md', 'docs/a.md'], () => '# The `core` folder\n')

  test.each([
    '[x](../README.md)',
    '[x](../README.md#the-core-folder)',
    '[x](https://example.com)',
    '`[x](no.md)`',
    '[x](../docs)',
  ])('%s leads somewhere', (text) => expect(faults(text)).toEqual([]))
  test.each(['[x](b.md)', '![x](../a.png)', '[x](../README.md#other)', '[x]: none.md', '[x](https://)'])(
    '%s leads nowhere',
    (text) => expect(faults(text)).toHaveLength(1),
  )
})

describe('packages', () => {
  const manifest = { name: 'a', version: '1.0.0', dependencies: { b: '1.2.3' } }
  const lock = { packages: { '': manifest, 'node_modules/b': { integrity: 'sha512-x' } } }

  test('ranges, reasons and use', () => {
    const faults = (version: string, reasons: Record<string, string>, used: string[]) =>
      dependencyFaults({ ...manifest, dependencies: { b: version } }, reasons, new Set(used))
    expect(faults('1.2.3', { b: 'a reason' }, ['b'])).toEqual([])
    expect(faults('^1.2.3', { b: 'a reason' }, ['b'])).toHaveLength(1)
    expect(faults('1.2.3', {}, ['b'])).toHaveLength(1)
    expect(faults('1.2.3', { b: 'a reason', c: 'gone' }, ['b'])).toHaveLength(1)
    expect(faults('1.2.3', { b: 'a reason' }, [])).toHaveLength(1)
  })

  test('the lock file', () => {
    const entry = (more: object) => ({ packages: { ...lock.packages, 'node_modules/b': { integrity: 'sha512-x', ...more } } })
    expect(lockFaults(manifest, lock, {})).toEqual([])
    expect(lockFaults({ ...manifest, dependencies: {} }, lock, {})).toEqual([expect.stringContaining('its dependencies differ')])
    expect(lockFaults(manifest, entry({ integrity: undefined }), {})).toHaveLength(1)
    expect(lockFaults(manifest, entry({ hasInstallScript: true }), {})).toHaveLength(1)
    expect(lockFaults(manifest, entry({ hasInstallScript: true }), { 'node_modules/b': 'a reason' })).toEqual([])
    expect(lockFaults(manifest, lock, { 'node_modules/b': 'a reason' })).toHaveLength(1)
  })
})
