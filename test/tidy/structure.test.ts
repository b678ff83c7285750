/** The structure is a test: layers, dead code, transaction types. */

import { expect, test } from 'vitest'
import { allPaths, codeFiles, coreFiles, testFiles } from './repository.ts'
import { deadExportFaults, deadFileFaults, layerFaults, purityFaults, transactionFaults } from './rules.ts'

/** What is started: by npm scripts, by the installed command, by Electron, by the page. */
const PROGRAMS = [
  ...['core/bin/cli.ts', 'core/bin/start.ts', 'core/bin/nimledger.cjs', 'core/bin/launch.cjs'],
  ...['main/index.ts', 'preload/index.ts', 'renderer/index.tsx'],
]

/** Files of the core that only tests use, each with the reason. */
const KEPT_FOR_TESTS = new Map([
  ['core/drivers/memory/store.ts', 'The second store: the contract of stores, fault tests and simulations run against it.'],
  ['core/drivers/memory/search-index.ts', 'The second index: the contract of indexes and the tests of searches run against it.'],
])

test('imports point downwards, and each layer keeps to its packages', () => {
  expect(layered.flatMap(layerFaults)).toEqual([])
})

test('base, log and domain are pure and run in pages', () => {
  expect(coreFiles.flatMap(purityFaults)).toEqual([])
})

const layered = codeFiles.filter(({ path }) => /^(?:core|main|preload|renderer)\//.test(path))

test('every file is reached from a program', () => {
  const data = allPaths.filter((path) => path.startsWith('core/') && !coreFiles.some((file) => file.path === path))
  expect(deadFileFaults(layered, data, PROGRAMS, KEPT_FOR_TESTS)).toEqual([])
})

test('files kept for tests are used by tests, and by no program', () => {
  const used = testFiles.map(({ text }) => text).join('\n')
  for (const path of KEPT_FOR_TESTS.keys()) expect(used).toContain(`/${path}'`)
  const unkept = deadFileFaults(layered, [], PROGRAMS, new Map())
  for (const path of KEPT_FOR_TESTS.keys()) expect(unkept.join('\n')).toContain(path)
})

test('every exported name is imported somewhere', () => {
  expect(deadExportFaults(codeFiles)).toEqual([])
})

test('a transaction type is one file, one definition, one line in the index, one table', () => {
  expect(transactionFaults(coreFiles, allPaths)).toEqual([])
})
