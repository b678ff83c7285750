/** Style is a test: sizes, names, words, links. */

import { expect, test } from 'vitest'
import { allPaths, codeFiles, ownFiles, readText } from './repository.ts'
import { fileFaults, linkFaults, sizeFaults, wordFaults } from './rules.ts'

test('functions fit a screen, files a sitting, lines a window', () => {
  expect(codeFiles.flatMap(sizeFaults)).toEqual([])
})

test('files are named in kebab-case, and those of the core say what they are for', () => {
  expect(codeFiles.flatMap(fileFaults)).toEqual([])
})

test('texts speak of the project, and leave nothing to be done', () => {
  expect(ownFiles.flatMap(wordFaults)).toEqual([])
})

test('links in Markdown lead somewhere', () => {
  const markdown = ownFiles.filter(({ path }) => path.endsWith('.md'))
  expect(markdown.flatMap((file) => linkFaults(file, allPaths, (path) => readText(path).text))).toEqual([])
})
